//! Asks uv.

use covouch_core::shown::Shown;

use super::{InstallerError, Question, Source, UvConfig, address, child};

const NAME: &str = "uv";

/// uv's variables for its default index, in the order in which they count.
const VARIABLES: [&str; 2] = ["UV_DEFAULT_INDEX", "UV_INDEX_URL"];

/// Resolving nothing prints the indexes that would have been asked.
const QUERY: [&str; 9] = [
    "pip",
    "compile",
    "--emit-index-url",
    "--emit-find-links",
    "--no-header",
    "--no-annotate",
    "--quiet",
    "--offline",
    "-",
];

pub(super) async fn ask(question: &Question) -> Result<UvConfig, InstallerError> {
    let uv = question.uv.as_ref().ok_or(InstallerError::NotThere(NAME))?;
    let output = child::output(NAME, uv, &QUERY, question).await?;
    let variable = |name: &str| {
        let found = question.environment.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.to_str()).filter(|value| !value.is_empty())
    };
    let named = VARIABLES.into_iter().find(|name| variable(name).is_some());
    let mut config = parse(&output, &named.map_or(Source::Uv, Source::Environment))?;
    // Relative folders are relative to where the user is, so uv was not told of them.
    let folders = variable("UV_FIND_LINKS").unwrap_or_default();
    config
        .find_links
        .extend(folders.split(',').map(str::trim).filter(|link| !link.is_empty()).map(str::to_owned));
    Ok(config)
}

fn parse(output: &str, source: &Source) -> Result<UvConfig, InstallerError> {
    let unexpected = |line: &str| InstallerError::Answer(NAME, Shown::new(line));
    let mut index = None;
    let (mut extra_indexes, mut find_links) = (Vec::new(), Vec::new());
    for line in output.lines().filter(|line| !line.trim().is_empty()) {
        match line.split_once(' ') {
            Some(("--index-url", text)) if index.is_none() => index = Some(address(text, source)?),
            Some(("--extra-index-url", text)) => extra_indexes.push(address(text, &Source::Uv)?),
            Some(("--find-links", link)) => find_links.push(link.to_owned()),
            // The line may be an address with a password in it, so only its first word is shown.
            first => return Err(unexpected(first.map_or("a line of one word", |(word, _)| word))),
        }
    }
    let index = index.ok_or_else(|| unexpected("nothing"))?;
    Ok(UvConfig { index, extra_indexes, find_links })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uv_prints_its_indexes_one_a_line() {
        let output = "--index-url https://mirror.example/simple/\n--extra-index-url https://me:secret@a.example/s\n\
                      --find-links wheels\n\n";
        let config = parse(output, &Source::Uv).unwrap();
        assert_eq!(config.index.value.url().as_str(), "https://mirror.example/simple/");
        assert!(config.extra_indexes[0].value.credentials().is_some());
        assert_eq!(config.find_links, ["wheels"]);
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn anything_else_is_not_an_answer() {
        for output in
            ["", "six==1.0\n", "--index-url https://a.example\n--index-url https://b.example\n", "nonsense"]
        {
            assert_eq!(
                parse(output, &Source::Uv).unwrap_err().code().as_str(),
                "installer-unreadable",
                "{output}"
            );
        }
        let error =
            parse("--index-url file:///simple", &Source::Environment("UV_DEFAULT_INDEX")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the index that UV_DEFAULT_INDEX names is not an `http` or `https` address"
        );
    }
}
