//! The keys of an AWS account where AWS's own tools find them: the environment, else the file of profiles
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>). They are read at
//! start; those of a container, an instance or a web identity change too often for that, and are not looked for.

use crate::base::fault::Doing as _;
use crate::base::{Fault, Secret};
use std::fs;
use std::path::PathBuf;

/// Finds them, as `ID:SECRET[:SESSION_TOKEN]`.
///
/// # Errors
/// When there are none, or the file cannot be read. What it holds is not in the message.
pub fn found(env: impl Fn(&str) -> Option<String>) -> Result<Secret, Fault> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    if let (Some(id), Some(secret)) = (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        return Ok(joined(id, &secret, set("AWS_SESSION_TOKEN").as_deref()));
    }
    let home = set("HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
    let path = set("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or(home);
    let path = path.filter(|path| path.exists()).ok_or_else(|| {
        Fault::plain(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and there is no file of profiles",
        )
    })?;
    let text = Secret::new(fs::read_to_string(&path).doing(&format!("reading {}", path.display()))?);
    let profile = set("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    of_profile(text.reveal(), &profile)
        .ok_or_else(|| Fault::plain(format!("{} has no keys for the profile `{profile}`", path.display())))
}

fn joined(mut id: String, secret: &str, session: Option<&str>) -> Secret {
    for part in std::iter::once(secret).chain(session) {
        id.push(':');
        id.push_str(part);
    }
    Secret::new(id)
}

fn of_profile(text: &str, profile: &str) -> Option<Secret> {
    let heading =
        |line: &str| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).map(str::to_owned);
    let lines = text.lines().map(str::trim);
    let own = lines.skip_while(|line| heading(line).is_none_or(|name| name.trim() != profile)).skip(1);
    let pairs: Vec<(&str, &str)> = own
        .take_while(|line| heading(line).is_none())
        .filter(|line| !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let value = |name: &str| pairs.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
    let id = value("aws_access_key_id")?.to_owned();
    Some(joined(id, value("aws_secret_access_key")?, value("aws_session_token")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: &str = "# mine\n[default]\naws_access_key_id = AKIA1\naws_secret_access_key=s1\nregion = x\n\
        [other]\n; theirs\naws_access_key_id=ASIA2\naws_secret_access_key = s2\naws_session_token = t=2\n[empty]\n";

    #[test]
    fn profiles() {
        let read = |profile: &str| of_profile(PROFILES, profile).map(|found| found.reveal().to_owned());
        assert_eq!(read("default").as_deref(), Some("AKIA1:s1"));
        assert_eq!(read("other").as_deref(), Some("ASIA2:s2:t=2"));
        assert_eq!((read("empty"), read("none")), (None, None));
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        fs::write(&path, PROFILES).unwrap();
        let file = path.to_str().unwrap();
        let found = |set: &[(&str, &str)]| {
            let env =
                |name: &str| set.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
            found(env).map(|found| found.reveal().to_owned())
        };
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA3"), ("AWS_SECRET_ACCESS_KEY", "s3")];
        let of_file = ("AWS_SHARED_CREDENTIALS_FILE", file);
        assert_eq!(found(&[keys[0], keys[1], of_file]).unwrap(), "AKIA3:s3");
        assert_eq!(found(&[keys[0], keys[1], ("AWS_SESSION_TOKEN", "t")]).unwrap(), "AKIA3:s3:t");
        assert_eq!(found(&[keys[0], of_file]).unwrap(), "AKIA1:s1");
        assert_eq!(found(&[("AWS_PROFILE", "other"), of_file]).unwrap(), "ASIA2:s2:t=2");
        assert!(found(&[("AWS_PROFILE", "empty"), of_file]).unwrap_err().to_string().contains("`empty`"));
        assert!(found(&[("HOME", "/nowhere")]).is_err());
    }
}
