//! The `Cookie` header as the various clients of pcsd send it.
//!
//! Separators are `;` with or without a space. Ruby clients leave stray `path=` parts, even in front
//! of the next cookie without a separator of their own.

use base64::Engine as _;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cookies<'a> {
    pub token: Option<&'a str>,
    pub user: Option<&'a str>,
    groups: Option<&'a str>,
}

pub fn parse(header: &str) -> Cookies<'_> {
    let mut cookies = Cookies::default();
    for part in header.split(';') {
        let Some((name, value)) = part.trim().split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        let field = match name.trim() {
            "token" => &mut cookies.token,
            "CIB_user" => &mut cookies.user,
            "CIB_user_groups" => &mut cookies.groups,
            _ => continue,
        };
        if field.is_none() && !value.is_empty() {
            *field = Some(value);
        }
    }
    cookies
}

impl Cookies<'_> {
    /// The groups of `user`; without a user they mean nothing.
    pub fn groups(&self) -> Option<Vec<String>> {
        self.user?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(self.groups?).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(text.split_whitespace().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_known_spellings_are_read() {
        for header in [
            "token=abc",
            "token=abc;CIB_user=joe;CIB_user_groups=YSBi",
            " CIB_user=joe; path=;CIB_user_groups=YSBi; path=; token=abc; path=",
            "path=; pcsd.sid=1; token=\"abc\"; token=later",
        ] {
            assert_eq!(parse(header).token, Some("abc"), "{header}");
        }
        let ruby = parse("CIB_user=hacluster; path=;CIB_user_groups=; path=;token=t");
        assert_eq!((ruby.user, ruby.groups()), (Some("hacluster"), None));
        let full = parse("CIB_user=joe; CIB_user_groups=YSBi");
        assert_eq!(full.groups().unwrap(), ["a", "b"]);
        assert_eq!(parse("CIB_user_groups=YSBi").groups(), None);
        for rubbish in ["", ";;;=;=;", "token", "token=", "CIB_user=j;CIB_user_groups=%%%"] {
            assert_eq!(parse(rubbish).token, None);
            assert_eq!(parse(rubbish).groups(), None);
        }
    }
}
