//! A release as somebody names it, and its files on an index.

use covouch_core::{digest::Sha256, name::ProjectName, subject::FileName, version::Version};
use covouch_io::{
    archive::{self, Expected},
    index::{FetchedPage, Freshness, Index, PageAnswer, PageFetcher},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use url::Url;

use crate::{failure::Failure, settings::Settings, terminal::Terminal};

/// Files that are downloaded at the same time.
const PARALLEL: usize = 8;

/// A file of a release, as an index lists it.
pub(crate) struct Listed {
    pub(crate) filename: FileName,
    sha256: Option<Sha256>,
    url: Url,
}

/// A file that was in front of us.
pub(crate) struct Downloaded {
    pub(crate) filename: FileName,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
}

/// The files of one release on one index.
pub(crate) struct Release {
    pub(crate) files: Vec<Listed>,
    index: Index,
    page: std::sync::Arc<FetchedPage>,
}

/// Reads `requests==2.32.3`.
pub(crate) fn parse(text: &str) -> Result<(ProjectName, Version), Failure> {
    let wrong = |reason: String| Failure::usage(reason).hinting("write it as `requests==2.32.3`");
    let (name, version) =
        text.split_once("==").ok_or_else(|| wrong(format!("`{text}` does not name one release")))?;
    let project = ProjectName::parse(name.trim()).map_err(|error| wrong(error.to_string()))?;
    let version = Version::parse(version.trim()).map_err(|error| wrong(error.to_string()))?;
    Ok((project, version))
}

/// Asks an index which files a release has.
pub(crate) async fn list(
    index: Index,
    project: &ProjectName,
    version: &Version,
    settings: &Settings,
) -> Result<Release, Failure> {
    let fetcher = PageFetcher::new(settings.network().clone(), settings.state().clone(), settings.clock());
    let page = match fetcher.fetch_page(&index, project, Freshness::Demand).await {
        PageAnswer::Page(page) => page,
        PageAnswer::Absent => {
            return Err(Failure::new("not-found", format!("the index knows no project `{project}`")));
        }
        PageAnswer::Unreachable(error) => return Err(error.into()),
        PageAnswer::Wrong(error) => return Err(error.into()),
    };
    let files: Vec<Listed> = page
        .page
        .files()
        .iter()
        .filter(|file| file.dist().version() == Some(version))
        .map(|file| Listed {
            filename: file.filename().clone(),
            sha256: file.sha256(),
            url: file.url().clone(),
        })
        .collect();
    if files.is_empty() {
        return Err(Failure::new("not-found", format!("the index has no file of {project} {version}")));
    }
    Ok(Release { files, index, page })
}

impl Release {
    /// Downloads files and hashes them. What the index says of their digests must be true.
    pub(crate) async fn download(
        &self,
        wanted: impl Fn(&Listed) -> bool,
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Vec<Downloaded>, Failure> {
        let wanted: Vec<&Listed> = self.files.iter().filter(|file| wanted(file)).collect();
        let length = u64::try_from(wanted.len()).unwrap_or_default();
        let progress = terminal.progress(length, "downloading");
        let cache = settings.state().cache();
        let downloads = wanted.into_iter().map(async |file| {
            let expected = file.sha256.map_or_else(Expected::anything, Expected::sha256);
            let request = self.index.file_request(&file.url, self.page.reach);
            let kept = archive::download(settings.network(), &cache, &request, expected).await?;
            progress.inc(1);
            let filename = file.filename.clone();
            Ok::<_, Failure>(Downloaded { filename, sha256: kept.sha256(), size: kept.length() })
        });
        let downloaded = stream::iter(downloads).buffer_unordered(PARALLEL).try_collect().await;
        progress.finish_and_clear();
        downloaded
    }
}
