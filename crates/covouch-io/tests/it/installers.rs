//! Installers say which index they use; here most of them are shell scripts that print what real ones printed.

use std::{ffi::OsString, os::unix::fs::PermissionsExt as _, path::Path};

use covouch_io::installer::{Installers, Invocation, Question, Wrapped, ask};

const PIP: &str = r#"#!/bin/sh
case "$1 $2" in
    "config list") printf '%s' "$PIP_SAYS" ;;
    "install --help") printf '  -i, --index-url <url>       Base URL (default https://default.example/simple). This\n' ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"#;

const UV: &str = r#"#!/bin/sh
[ -z "$UV_WORKING_DIR" ] || exit 3
set -- *; [ "$*" = "*" ] || { echo "the folder is not empty" >&2; exit 1; }
[ -z "$UV_FAILS" ] || { echo "error: $UV_FAILS" >&2; exit 2; }
printf '%s\n\n' '--index-url https://uv.example/simple'
"#;

struct Installed(tempfile::TempDir);

impl Installed {
    fn new(scripts: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in scripts {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::fs::create_dir(folder.path().join("state")).unwrap();
        Self(folder)
    }

    async fn ask(&self, environment: &[(&str, &str)]) -> Installers {
        let own = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        // Nothing but the scripts: the machine has installers of its own.
        let path = self.0.path().as_os_str().to_owned();
        let nothing: [&str; 0] = [];
        ask(&Question {
            pip: Some(Invocation::new("pip", nothing)),
            uv: Some(Invocation::new("uv", nothing)),
            environment: own.chain([("PATH".into(), path)]).collect(),
            folder: self.0.path().join("state"),
        })
        .await
    }
}

fn found(installers: &Installers, wrapped: Wrapped) -> String {
    match installers.pypi(None, wrapped) {
        Ok(index) => format!("{} from {}", index.value, index.source),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn each_installer_says_its_own() {
    let installed = Installed::new(&[("pip", PIP), ("uv", UV)]);
    let installers =
        installed.ask(&[("UV_WORKING_DIR", "/project"), ("UV_FIND_LINKS", "wheels, more")]).await;
    assert_eq!(found(&installers, Wrapped::Uv), "https://uv.example/simple from uv");
    assert_eq!(found(&installers, Wrapped::Pip), "https://default.example/simple from pip's own default");
    assert_eq!(installers.uv.unwrap().find_links, ["wheels", "more"]);
    let said = ":env:.index-url='https://me:secret@env.example/simple'\nglobal.no-index='true'\n\
                global.trusted-host='a.example b.example'\nglobal.cert='/etc/roots.pem'\n";
    let pip = installed.ask(&[("PIP_SAYS", said)]).await.pip.unwrap();
    assert_eq!(pip.index.source.to_string(), "PIP_INDEX_URL");
    assert!(pip.index.value.credentials().is_some());
    assert!(pip.no_index);
    assert_eq!(pip.trusted_hosts, ["a.example", "b.example"]);
    assert_eq!(pip.cert.as_deref(), Some(Path::new("/etc/roots.pem")));
}

#[tokio::test]
async fn an_installer_that_fails_says_why() {
    let installed = Installed::new(&[("uv", UV)]);
    let installers = installed.ask(&[("UV_FAILS", "No interpreter found")]).await;
    assert_eq!(
        found(&installers, Wrapped::Uv),
        "`uv` does not say which index it uses: error: No interpreter found"
    );
    let nobody = Installed::new(&[]).ask(&[]).await;
    assert!(found(&nobody, Wrapped::Pip).ends_with("neither pip nor uv is there"));
    assert!(nobody.pypi(None, Wrapped::Pip).unwrap_err().hint().is_some());
}

#[tokio::test]
async fn the_project_being_installed_does_not_name_its_index() {
    let installed = Installed::new(&[("pip", PIP), ("uv", UV)]);
    // The state folder lies in the project, so the question is asked outside of it.
    std::fs::write(installed.0.path().join("pyproject.toml"), "[tool.uv]").unwrap();
    let installers = installed.ask(&[]).await;
    let error = installers.uv.unwrap_err();
    assert!(error.to_string().ends_with("the folder is not empty"), "it ran at the root: {error}");
}

/// The pip of this machine, without what this machine sets for it.
#[tokio::test]
async fn the_real_pip_names_a_simple_index() {
    let folder = tempfile::tempdir().unwrap();
    let environment =
        ["PATH", "HOME"].into_iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)));
    let installers = ask(&Question {
        pip: Some(Invocation::new("python3", ["-m", "pip"])),
        uv: None,
        environment: environment.chain([("PIP_CONFIG_FILE".into(), "/dev/null".into())]).collect(),
        folder: folder.path().to_owned(),
    })
    .await;
    let pip = installers.pip.unwrap();
    assert_eq!(pip.index.value.url().scheme(), "https");
    assert!(pip.index.value.url().path().trim_end_matches('/').ends_with("/simple"));
}
