pub mod clique;
