//! Every story of `scenarios/` and its twin, played against the engine, the command, the gateway and uv.
//!
//! # Invariants
//! - The four come to one verdict, for one reason: all of them are compared with the same expectations.
//! - Nothing is simulated but what the engine is given: [`World::evidence`] says what honest adapters would find. The
//!   command, the gateway and uv meet indexes, attestations, archives and records, and verify them as they always do;
//!   that invented attestations hold is a trusted root in the state folder, where a user would put one.

use covouch_core::digest::Sha256;
use covouch_graph::TrustGraph;
use covouch_policy::{Policies, Policy, PolicyTable, Source, report::json::Report};
use covouch_testkit::scenario::{Addresses, Expectation, Scenario, Served, Verdict, World};
use serde_json::{Value, json};
use url::Url;

use crate::{desk::Desk, http, installer::Installer};

/// A world of a story and what is expected in it.
struct Play {
    name: String,
    world: World,
    expect: Vec<Expectation>,
}

/// Every story, then its twin.
fn plays() -> Vec<Play> {
    let both = |(name, story): (String, Scenario)| {
        let twin = Play {
            name: format!("{name} (twin: {})", story.twin.says),
            world: story.twin.world,
            expect: story.twin.expect,
        };
        [Play { name, world: story.world, expect: story.expect }, twin]
    };
    Scenario::all().into_iter().flat_map(both).collect()
}

/// Plays every story, and fails with all that is not as expected.
fn play_all(play: impl Fn(&Play) -> Vec<String>) {
    let plays = plays();
    assert!(plays.len() >= 14, "only {} stories were found", plays.len());
    let wrong: Vec<String> = plays
        .iter()
        .flat_map(|one| play(one).into_iter().map(|what| format!("{}: {what}", one.name)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is not as expected in the entries of a report.
fn mismatches<'a>(play: &'a Play, files: &'a [Value]) -> impl Iterator<Item = String> + 'a {
    play.expect.iter().filter_map(|expectation| {
        let sha256 = play.world.subject(&expectation.file).sha256.to_string();
        let Some(file) = files.iter().find(|file| file["subject"]["sha256"] == sha256.as_str()) else {
            return Some(format!("`{}` is not in the report", expectation.file));
        };
        let text = |key: &str| file[key].as_str().unwrap_or_default();
        expectation.mismatch(text("verdict"), text("code"), text("reason"))
    })
}

#[test]
fn the_engine_comes_to_every_verdict() {
    play_all(|play| {
        let world = &play.world;
        let read = |text: &str| {
            let source = Source { name: "covouch.toml", text, table: PolicyTable::Whole };
            Policy::parse(source).unwrap_or_else(|errors| panic!("{}: {errors}", play.name))
        };
        let addresses = Addresses::example();
        let base = world.base_policy(&addresses).map(|text| read(&text));
        let policies = Policies::new(base, read(&world.policy(&addresses))).unwrap();
        let evidence = world.evidence(world.now());
        let graph = TrustGraph::build(&evidence, world.now());
        let subjects: Vec<_> =
            play.expect.iter().map(|expectation| world.subject(&expectation.file).clone()).collect();
        let report = policies.judge_all(&graph, &evidence, &subjects, world.now());
        let report = serde_json::to_value(Report::from(&report)).unwrap();
        mismatches(play, report["files"].as_array().unwrap()).collect()
    });
}

/// A desk in a world whose indexes run.
pub(crate) struct Stage {
    pub(crate) desk: Desk,
    served: Served,
}

impl Stage {
    pub(crate) fn set(world: &World) -> Self {
        let (desk, served) = (Desk::new(), world.serve());
        let written = world.write_project(&desk.project(), &served.addresses()).unwrap();
        if world.has_attestations() {
            desk.trust_the_sigstore_of_tests();
        }
        let desk = desk.set("COVOUCH_NOW", world.now().to_string());
        let desk = match written.base_policy {
            Some(base) => desk.set("COVOUCH_BASE_POLICY", base),
            None => desk,
        };
        Self { desk, served }
    }

    /// Takes the network away.
    pub(crate) fn cut(self) -> Desk {
        drop(self.served);
        self.desk
    }
}

#[test]
fn the_command_comes_to_every_verdict() {
    play_all(|play| {
        let stage = Stage::set(&play.world);
        let mut wrong = Vec::new();
        for lock in ["pylock.toml", "requirements.txt"] {
            let ran = stage.desk.covouch(&["check", "--format", "json", lock]);
            let report = ran.json();
            let mut files = report["files"].as_array().unwrap().clone();
            let unlisted = report["unlisted"].as_array().unwrap();
            let code = exit_code(&files, unlisted);
            if ran.code != Some(code) {
                wrong.push(format!("{lock}: expected exit code {code}: {}", ran.all()));
            }
            // Files that are not in the lock are asked about one by one.
            for expectation in &play.expect {
                let subject = play.world.subject(&expectation.file);
                if !play.world.locked().contains(subject) {
                    let why = stage.desk.covouch(&["why", "--format", "json", subject.filename.as_str()]);
                    files.extend(why.json()["files"].as_array().unwrap().iter().cloned());
                }
            }
            // requirements.txt names no files. What the project's own index does not list has a digest only.
            files.extend(unlisted.iter().filter_map(|file| nameless(play, file)));
            wrong.extend(mismatches(play, &files).map(|what| format!("{lock}: {what}")));
        }
        wrong
    });
}

/// A digest that no index of the project lists, as the entry of a file that comes from elsewhere.
fn nameless(play: &Play, unlisted: &Value) -> Option<Value> {
    let is_it = |expectation: &&Expectation| {
        let sha256 = play.world.subject(&expectation.file).sha256.to_string();
        unlisted["sha256"] == sha256.as_str() && expectation.code.as_deref() == Some("wrong-index")
    };
    let expectation = play.expect.iter().find(is_it)?;
    Some(json!({
        "subject": {"sha256": unlisted["sha256"]}, "verdict": "refused", "code": "wrong-index",
        "reason": expectation.says.join(" "),
    }))
}

/// How a command ends that printed these.
fn exit_code(files: &[Value], unlisted: &[Value]) -> i32 {
    let any = |verdict: &str| files.iter().any(|file| file["verdict"] == verdict);
    if any("refused") {
        3
    } else if any("undecided") || !unlisted.is_empty() {
        4
    } else {
        0
    }
}

#[test]
fn the_gateway_comes_to_every_verdict() {
    play_all(|play| {
        let stage = Stage::set(&play.world);
        let (_running, index) = stage.desk.gateway();
        play.expect.iter().filter_map(|expectation| at_the_gateway(play, expectation, &index)).collect()
    });
}

/// What is not as expected of one file when an installer asks the gateway for it.
fn at_the_gateway(play: &Play, expectation: &Expectation, index: &Url) -> Option<String> {
    let subject = play.world.subject(&expectation.file);
    let page_url = index.join(&format!("{}/", subject.project)).unwrap();
    let page = http::get(&page_url, &["Accept: application/vnd.pypi.simple.v1+json"]);
    let document = if page.status == 200 { page.json() } else { Value::Null };
    let sha256 = subject.sha256.to_string();
    let files = document["files"].as_array();
    let Some(file) = files.into_iter().flatten().find(|file| file["hashes"]["sha256"] == sha256.as_str())
    else {
        // What its own index does not list is on no page.
        let elsewhere = expectation.code.as_deref() == Some("wrong-index");
        return (!elsewhere).then(|| format!("`{}` is not on its page ({})", expectation.file, page.status));
    };
    let yanked = file["yanked"].as_str().unwrap_or_default();
    let bytes = http::get(&page_url.join(file["url"].as_str().unwrap()).unwrap(), &[]);
    match expectation.verdict {
        Verdict::Admitted | Verdict::Waived | Verdict::Monitored => {
            let whole = bytes.status == 200 && Sha256::of(&bytes.body) == subject.sha256;
            let wrong = !whole || yanked.starts_with("covouch:");
            wrong.then(|| format!("`{}` is kept out ({} {yanked})", expectation.file, bytes.status))
        }
        Verdict::Refused | Verdict::Undecided => kept_out(expectation, yanked, &bytes),
    }
}

/// A file that is kept out is listed as yanked, its bytes are refused, and both say why.
fn kept_out(expectation: &Expectation, yanked: &str, bytes: &http::Reply) -> Option<String> {
    let is_problem = bytes.header("content-type") == Some("application/problem+json");
    let told = yanked.starts_with("covouch: ") && bytes.phrase.starts_with("covouch: ");
    if bytes.status != 403 || !is_problem || !told {
        return Some(format!(
            "`{}` should be refused: {} {}, yanked: `{yanked}`",
            expectation.file, bytes.status, bytes.phrase
        ));
    }
    let problem = bytes.json();
    if expectation.code.as_deref().is_some_and(|code| problem["code"] != code) {
        return Some(format!("`{}`: {problem}", expectation.file));
    }
    let sentences = [yanked, &bytes.phrase, problem["detail"].as_str().unwrap_or_default()];
    let missing = expectation
        .says
        .iter()
        .find(|fragment| !sentences.iter().all(|sentence| sentence.contains(fragment.as_str())))?;
    Some(format!("`{}` should say `{missing}`: {sentences:?}", expectation.file))
}

#[test]
fn uv_installs_nothing_that_a_story_keeps_out() {
    play_all(|play| {
        let stage = Stage::set(&play.world);
        let ran = Installer::Uv.install(&stage.desk, "site", &["-r", "requirements.in"]);
        let let_in = stage.desk.report()["let_in"].clone();
        let mut wrong = Vec::new();
        for file in let_in.as_array().unwrap() {
            let is_it = |expectation: &&Expectation| {
                let sha256 = play.world.subject(&expectation.file).sha256.to_string();
                file["sha256"] == sha256.as_str() && expectation.verdict != Verdict::Admitted
            };
            wrong.extend(play.expect.iter().find(is_it).map(|kept_out| format!("let in: {}", kept_out.file)));
        }
        let installs = !stage.desk.installed("site").is_empty();
        let admits = play.expect.iter().any(|expectation| expectation.verdict == Verdict::Admitted);
        if installs != (ran.code == Some(0)) || (installs != admits && !is_partial(play)) {
            wrong.push(format!("expected to install something: {admits}: {}", ran.all()));
        }
        wrong
    });
}

/// Whether some files of one release are admitted and others are not. For a pinned release uv then asks for the wheel
/// with the highest build tag, yanked or not, and gives up when it may not have it: closed, though it need not be.
fn is_partial(play: &Play) -> bool {
    let releases = |verdict: Verdict| {
        let files = play.expect.iter().filter(move |expectation| expectation.verdict == verdict);
        files
            .map(|expectation| play.world.subject(&expectation.file))
            .map(|file| (&file.project, &file.version))
    };
    let kept_out = |release| {
        [Verdict::Refused, Verdict::Undecided].into_iter().flat_map(releases).any(|other| other == release)
    };
    releases(Verdict::Admitted).any(kept_out)
}
