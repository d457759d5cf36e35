//! The lines of the README that drive a cluster with curl, run as printed.

use rhapsody_tests::{Cluster, can_run_live, has};

/// The shell lines between `<!-- rest: begin -->` and `<!-- rest: end -->`.
fn lines_of_the_readme() -> String {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("<!-- rest: begin -->").expect("the README has the REST lines");
    let (block, _) = after.split_once("<!-- rest: end -->").expect("the README ends the REST lines");
    block.lines().filter(|l| l.starts_with("    ")).map(|l| format!("{}\n", l.trim_start())).collect()
}

#[test]
fn the_curl_lines_of_the_readme_work_as_printed() {
    if !can_run_live() || !has("curl") {
        return;
    }
    let c = Cluster::start("rest", 3, &[]);
    c.ok("n1", "rhapsody property set stonith-enabled=false");
    c.write("n1", "/run/rest.sh", &lines_of_the_readme());
    let out = c.on("n1", "bash -eu /run/rest.sh");
    assert_eq!(out.code, 0, "{}", out.all());
    assert!(out.stdout.contains("\"task_finish_type\":\"SUCCESS\""), "{}", out.stdout);
    c.see("n2", "what curl created runs", 20, |v| v.running("web-ip").len() == 1);
}
