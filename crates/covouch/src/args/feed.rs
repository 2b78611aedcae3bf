//! `covouch feed …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Passphrase;

/// `covouch feed …`
#[derive(Subcommand)]
pub(crate) enum Feed {
    /// Make the folder of a feed, and its first root.
    Init(FeedInit),
    /// Take statements from another folder, of the feed's keys and of those they lead to.
    Add {
        /// The feed's folder.
        feed: PathBuf,
        /// Folders of statements, such as `trust`.
        #[arg(required = true, value_name = "FOLDER")]
        from: Vec<PathBuf>,
        /// Take what the people of this electorate signed as well, with the heads of their ballots: its name, or the
        /// first digits of its id.
        #[arg(long, value_name = "ELECTORATE")]
        electorate: Vec<String>,
    },
    /// Publish what is new, and say again that the rest still holds.
    Publish(FeedPublish),
    /// Say what is published, until when it holds, and what waits.
    Status {
        /// The feed's folder.
        feed: PathBuf,
    },
    /// Propose a new root: other keys, or more time.
    RotateRoot(RotateRoot),
    /// Sign a root that waits: here, or a copy of its file on a machine without network.
    SignRoot(SignRoot),
    /// Read a feed as others do, every list of it, and say whether it holds.
    Verify(FeedVerify),
}

#[derive(Args)]
pub(crate) struct FeedInit {
    /// The folder to make.
    pub(crate) feed: PathBuf,
    /// A key that signs roots. Several make it safe to lose one; keep them offline.
    #[arg(long, required = true, value_name = "KEY")]
    pub(crate) root: Vec<String>,
    /// How many of them must sign; more than half of them otherwise.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threshold: Option<std::num::NonZeroU32>,
    /// The key whose statements are the feed's own word. It signs the lists of them.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// The key that says every few days that nothing older is the newest. It may stay on a server.
    #[arg(long, value_name = "KEY")]
    pub(crate) online: String,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Args)]
pub(crate) struct FeedPublish {
    /// The feed's folder.
    pub(crate) feed: PathBuf,
    /// The feed's own key; not needed while there is nothing new. When it changes, name the old one too, if you have it.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// The feed's online key. When it changes, name the old one too, if you have it: then no reader notices.
    #[arg(long, value_name = "KEY", required = true)]
    pub(crate) online: Vec<String>,
    /// How long readers may go without another publication before the feed is stale.
    #[arg(long, default_value = "7d", value_name = "DURATION")]
    pub(crate) fresh_for: String,
    /// Sign every list again, also those that are not due.
    #[arg(long)]
    pub(crate) renew: bool,
    /// Then carry it into a bucket of S3-compatible storage: `s3://BUCKET/PREFIX`. The variables `AWS_…` say where it
    /// is and who you are.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Args)]
pub(crate) struct RotateRoot {
    /// The feed's folder.
    pub(crate) feed: PathBuf,
    /// The keys that sign roots from now on; the same ones otherwise.
    #[arg(long, value_name = "KEY")]
    pub(crate) root: Vec<String>,
    /// How many of them must sign.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threshold: Option<std::num::NonZeroU32>,
    /// The feed's own key from now on.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The online key from now on.
    #[arg(long, value_name = "KEY")]
    pub(crate) online: Option<String>,
}

#[derive(Args)]
pub(crate) struct SignRoot {
    /// The feed's folder, or a copy of the file in its `ceremony/`.
    pub(crate) root: PathBuf,
    /// The key to sign with.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Args)]
pub(crate) struct FeedVerify {
    /// A feed's folder, or an address.
    pub(crate) feed: String,
    /// The sha256 of its first root; that of the folder otherwise.
    #[arg(long, value_name = "SHA256")]
    pub(crate) root: Option<String>,
}
