//! Real installers, and the folder they install into.

use std::{fs, path::PathBuf};

use covouch_testkit::tools::Tools;

use crate::desk::{Desk, Ran};

/// An installer from the index of the machine, put there by `cargo xtask tools`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installer {
    /// pip 23.2, the oldest that we promise to work with.
    OldestPip,
    /// The newest pip.
    Pip,
    /// The newest uv, as `uv pip`.
    Uv,
}

/// Makes one test for each installer of each of these stories.
macro_rules! with_each_installer {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            use crate::installer::Installer;

            #[test]
            fn with_pip_23_2() {
                super::$story(Installer::OldestPip);
            }

            #[test]
            fn with_the_newest_pip() {
                super::$story(Installer::Pip);
            }

            #[test]
            fn with_uv() {
                super::$story(Installer::Uv);
            }
        }
    )*};
}
pub(crate) use with_each_installer;

impl Installer {
    /// The command that installs into `target`, without what is to be installed.
    pub(crate) fn command(self, target: &str) -> Vec<String> {
        let tools = Tools::find();
        let text = |program: PathBuf| program.to_str().unwrap().to_owned();
        let python = || text(tools.peers_python().unwrap());
        let words = match self {
            Self::OldestPip => vec![text(tools.pip_oldest().unwrap()), "install".into()],
            Self::Pip => vec![text(tools.pip_newest().unwrap()), "install".into()],
            Self::Uv => {
                vec![text(tools.uv().unwrap()), "pip".into(), "install".into(), "--python".into(), python()]
            }
        };
        let target = ["--target".to_owned(), target.to_owned()];
        words.into_iter().chain(target).collect()
    }

    /// `covouch run -- INSTALLER install --target … WHAT…`.
    pub(crate) fn install(self, desk: &Desk, target: &str, what: &[&str]) -> Ran {
        let command = self.command(target);
        let words: Vec<&str> = command.iter().map(String::as_str).chain(what.iter().copied()).collect();
        desk.run(&words)
    }
}

impl Desk {
    /// The releases in a folder of the project, as `name-version`, sorted.
    pub(crate) fn installed(&self, target: &str) -> Vec<String> {
        let entries = fs::read_dir(self.project().join(target)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let mut releases: Vec<String> =
            names.filter_map(|name| name.strip_suffix(".dist-info").map(str::to_owned)).collect();
        releases.sort();
        releases
    }
}
