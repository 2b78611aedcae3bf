//! A feed's files, from a web server or from a folder.

use std::{
    fs::File,
    io::{self, Read as _},
    path::PathBuf,
};

use url::Url;

use super::FeedError;
use crate::{
    bundle::Kind,
    network::{FetchError, Fetched, Network, Recorder, Request, Unreachable},
    secrets::{RedactedUrl, redact},
};

/// Where a feed is.
pub(super) struct Files {
    address: Url,
    place: Place,
}

enum Place {
    Folder(PathBuf, Option<Recorder>),
    Server(Network),
}

impl Files {
    pub(super) fn new(network: &Network, address: &Url) -> Result<Self, FeedError> {
        let mut address = address.clone();
        // Without it the last part would be replaced by the file's name, not followed by it.
        if !address.path().ends_with('/') {
            let path = format!("{}/", address.path());
            address.set_path(&path);
        }
        let unusable = || FeedError::Address(redact(&address));
        let place = match address.scheme() {
            "file" if network.is_carried() => Place::Server(network.clone()),
            "file" => {
                let folder = address.to_file_path().map_err(|()| unusable())?;
                Place::Folder(folder, network.recorder().cloned())
            }
            "https" | "http" => Place::Server(network.clone()),
            _ => return Err(unusable()),
        };
        Ok(Self { address, place })
    }

    pub(super) fn shown(&self) -> RedactedUrl {
        redact(&self.address)
    }

    fn url(&self, path: &str) -> Result<Url, FeedError> {
        self.address.join(path).map_err(|_| FeedError::Address(self.shown()))
    }

    /// A file of at most `limit` bytes; `None` when there surely is none.
    pub(super) async fn fetch(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, FeedError> {
        match &self.place {
            Place::Folder(folder, recorder) => {
                // A folder that is not mounted says nothing of what is in it.
                if !folder.is_dir() {
                    let why = Unreachable::NoFolder;
                    return Err(FetchError::Unreachable { url: self.shown(), why }.into());
                }
                let file = folder.join(path);
                let bytes = read(&file, limit).map_err(|error| FeedError::Disk { path: file, error })?;
                if let Some(recorder) = recorder {
                    recorder.keep((Kind::Feed, self.url(path)?.to_string()), bytes.as_deref());
                }
                Ok(bytes)
            }
            Place::Server(network) => {
                let url = self.url(path)?;
                match network.fetch(&Request::new(&url).kind(Kind::Feed), limit).await {
                    Ok(Fetched::Body(_, bytes)) => Ok(Some(bytes.to_vec())),
                    // TUF §5.3.3 with what storage services answer for what they do not have.
                    Ok(Fetched::Absent) | Err(FetchError::Refused { status: 403, .. }) => Ok(None),
                    // Nobody asked whether something was modified.
                    Ok(Fetched::NotModified(_)) => Err(FeedError::Address(self.shown())),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }
}

/// One byte more than the limit is read, so that too much shows.
fn read(path: &std::path::Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
