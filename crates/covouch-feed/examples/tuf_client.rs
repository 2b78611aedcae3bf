//! A plain TUF client, driven from outside: the one that suites which test TUF clients call.
//!
//! ```text
//! tuf_client --metadata-dir D init ROOT
//! tuf_client --metadata-dir D --metadata-url U refresh
//! tuf_client --metadata-dir D --metadata-url U --target-name P --target-base-url T --target-dir X download
//! ```
//!
//! It reads any TUF repository over HTTP, and exits with 0 or 1. `D` holds what is trusted: the bytes as they came,
//! one file a role, without versions in their names.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use covouch_core::time::Timestamp;
use covouch_feed::{
    path::{escape, target_path},
    role::{Root, Signed, Target, check_root},
    update::{Answer, News, Search, Source, Trusted, Update, Want},
};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::StatusCode;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

type Failure = Box<dyn Error>;

/// Longest time for one file: a server that sends a byte now and then would hold us for ever (TUF §1.5.2).
const PATIENCE: Duration = Duration::from_secs(180);

/// What the command line says.
struct Arguments {
    options: BTreeMap<String, Vec<String>>,
    words: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse(env::args().skip(1))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tuf_client: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = PathBuf::from(arguments.option("metadata-dir")?);
    match arguments.words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["init", root] => {
            let bytes = fs::read(root)?;
            let root: Signed<Root> = check_root(&bytes, None)?;
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("root.json"), root.bytes())?;
            Ok(())
        }
        ["refresh"] => {
            let reader = Reader::new(folder, arguments.option("metadata-url")?)?;
            reader.refresh().await.map(drop)
        }
        ["download"] => {
            let reader = Reader::new(folder, arguments.option("metadata-url")?)?;
            let (base, into) = (arguments.option("target-base-url")?, arguments.option("target-dir")?);
            let trusted = reader.refresh().await?;
            for name in arguments.options.get("target-name").ok_or("no --target-name")? {
                reader.download(&trusted, name, base, Path::new(into)).await?;
            }
            Ok(())
        }
        words => Err(format!("`{}` is no command", words.join(" ")).into()),
    }
}

impl Arguments {
    fn parse(mut texts: impl Iterator<Item = String>) -> Self {
        let mut arguments = Self { options: BTreeMap::new(), words: Vec::new() };
        while let Some(text) = texts.next() {
            match text.strip_prefix("--") {
                Some(name) => {
                    arguments.options.entry(name.to_owned()).or_default().extend(texts.next());
                }
                None => arguments.words.push(text),
            }
        }
        arguments
    }

    fn option(&self, name: &str) -> Result<&str, Failure> {
        let values = self.options.get(name).and_then(|values| values.last());
        Ok(values.ok_or_else(|| format!("no --{name}"))?)
    }
}

/// Drives the state machines of the library: it asks where they say, and keeps what they say.
struct Reader {
    folder: PathBuf,
    metadata: String,
    client: Client<HttpConnector, Empty<Bytes>>,
    now: Timestamp,
}

impl Reader {
    fn new(folder: PathBuf, metadata: &str) -> Result<Self, Failure> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let now = Timestamp::from_unix(i64::try_from(seconds)?).ok_or("the clock is out of range")?;
        let metadata = format!("{}/", metadata.trim_end_matches('/'));
        Ok(Self { folder, metadata, client: Client::builder(TokioExecutor::new()).build_http(), now })
    }

    async fn refresh(&self) -> Result<Trusted, Failure> {
        let mut update = Update::new(self.now);
        while let Some(want) = update.wants() {
            let bytes = self.answer(&want).await?;
            update.give(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes))?;
            self.keep(update.news())?;
        }
        Ok(update.finish().ok_or("the update did not end")?)
    }

    async fn download(&self, trusted: &Trusted, name: &str, base: &str, into: &Path) -> Result<(), Failure> {
        let mut search = Search::new(trusted, name, self.now);
        while let Some(want) = search.wants()? {
            let bytes = self.answer(&want).await?;
            search.give(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes))?;
            self.keep(search.news())?;
        }
        let target = search.finish().ok_or_else(|| format!("nobody lists `{name}`"))?;
        let file = into.join(escape(name));
        if fs::read(&file).is_ok_and(|bytes| is_target(&target, &bytes)) {
            return Ok(());
        }
        let prefix = trusted.root().role().consistent_snapshot.then(|| target.hashes.prefix());
        let url = format!("{}/{}", base.trim_end_matches('/'), target_path(name, prefix.as_deref()));
        let bytes =
            self.fetch(&url, usize::try_from(target.length)?).await?.ok_or("the file is not there")?;
        if !is_target(&target, &bytes) {
            return Err(format!("`{name}` is not the file that is listed").into());
        }
        fs::create_dir_all(into)?;
        fs::write(file, bytes)?;
        Ok(())
    }

    async fn answer(&self, want: &Want) -> Result<Option<Vec<u8>>, Failure> {
        match want.source {
            Source::Kept => match fs::read(self.folder.join(&want.path)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
            Source::Repository => self.fetch(&format!("{}{}", self.metadata, want.path), want.limit).await,
        }
    }

    fn keep(&self, news: Vec<News>) -> Result<(), Failure> {
        for file in news {
            let new = self.folder.join(format!("{}.new", file.file));
            fs::write(&new, file.bytes)?;
            fs::rename(new, self.folder.join(file.file))?;
        }
        Ok(())
    }

    async fn fetch(&self, url: &str, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        let fetched = tokio::time::timeout(PATIENCE, self.fetch_patiently(url, limit)).await;
        fetched.map_err(|_| format!("`{url}` did not come within {} seconds", PATIENCE.as_secs()))?
    }

    /// As [`Self::fetch`], however long it takes.
    async fn fetch_patiently(&self, url: &str, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        let answer = self.client.get(url.parse()?).await?;
        match answer.status() {
            StatusCode::OK => {
                let body = Limited::new(answer.into_body(), limit).collect().await;
                let body = body.map_err(|error| format!("`{url}`: {error}"))?;
                Ok(Some(body.to_bytes().to_vec()))
            }
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status => Err(format!("`{url}` answers {status}").into()),
        }
    }
}

fn is_target(target: &Target, bytes: &[u8]) -> bool {
    u64::try_from(bytes.len()) == Ok(target.length) && target.hashes.fit(bytes)
}
