//! `covouch why --graph`: a picture of the chains to a file.

use covouch_testkit::index::IndexServer;

use super::{party, pypi};
use crate::{
    desk::{Desk, Ran},
    shelf::{old, wheel},
};

/// Security lets Ann speak at 20 %, platform at 80 %; Bob speaks for himself. All three are asked.
struct Team {
    _index: IndexServer,
    desk: Desk,
}

fn team() -> Team {
    let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0")])), Desk::new());
    let [security, platform, bob, ann] =
        ["security", "platform", "bob", "ann"].map(|name| desk.new_key(name));
    let parties = [("security", &security), ("platform", &platform), ("bob", &bob)];
    let parties: String = parties.into_iter().map(|(name, key)| party(name, key)).collect();
    let admit = "pypi and bob and security >= 20% and platform >= 80%";
    let policy = format!("[policy]\nadmit = \"{admit}\"\n");
    desk.write("covouch.toml", pypi(&index) + &parties + &policy);
    desk.write("requirements.txt", format!("demo==1.0 --hash=sha256:{}\n", wheel("demo", "1.0").sha256()));
    for (by, amount) in [("security", "20%"), ("platform", "80%")] {
        desk.sign(&["trust", "add", &ann, "--key", by, "--amount", amount]);
    }
    desk.sign(&["vouch", "demo==1.0", "--key", "ann"]);
    Team { _index: index, desk }
}

fn draw(desk: &Desk, format: &str, code: i32) -> String {
    let ran: Ran = desk.covouch(&["why", "demo==1.0", "--graph", format]).ends(code);
    ran.stdout
}

/// The arrow with this label in a Mermaid picture, as its line is drawn: `==>` is bold, `-.->` is thin.
fn arrow<'a>(picture: &'a str, label: &str) -> &'a str {
    let line = picture.lines().find(|line| line.contains(&format!("|\"{label}\"|")));
    let line = line.unwrap_or_else(|| panic!("no arrow `{label}`\n{picture}"));
    line.split_whitespace().nth(1).unwrap().split('|').next().unwrap()
}

#[test]
fn a_picture_shows_who_who_through_and_how_much() {
    let Team { desk, .. } = &team();
    desk.sign(&["vouch", "demo==1.0", "--key", "bob"]);
    let [svg, dot, mermaid] = ["svg", "dot", "mermaid"].map(|format| draw(desk, format, 0));
    for picture in [&svg, &dot, &mermaid] {
        for name in ["security", "platform", "bob", "pypi", wheel("demo", "1.0").filename()] {
            assert!(picture.contains(name), "{name}\n{picture}");
        }
        for amount in ["20%", "80%", "vouched 100%", "listed 100%"] {
            assert!(picture.contains(amount), "{amount}\n{picture}");
        }
    }
    assert!(svg.starts_with("<svg xmlns=") && svg.trim_end().ends_with("</svg>"));
    assert!(dot.starts_with("digraph") && mermaid.starts_with("flowchart LR"));
    // Parties left, the file right: by the left edges of their boxes.
    let left = |name: &str| -> usize {
        let (before, _) = svg.split_once(&format!(">{name}<")).unwrap();
        let (_, attribute) = before.rsplit_once("<text x=\"").unwrap();
        attribute.split_once('"').unwrap().0.parse().unwrap()
    };
    let file = left(wheel("demo", "1.0").filename());
    assert!(["security", "platform", "bob", "pypi"].iter().all(|party| left(party) < file));
}

#[test]
fn what_carries_the_verdict_is_bold_and_what_could_is_not() {
    let Team { desk, .. } = &team();
    desk.sign(&["vouch", "demo==1.0", "--key", "bob"]);
    for amount in ["20%", "80%"] {
        assert_eq!(arrow(&draw(desk, "mermaid", 0), amount), "==>", "{amount}");
    }
    // A word nobody asks for is drawn, and drawn thin.
    let policy = desk.read("covouch.toml");
    let (before, _) = policy.split_once("[policy]").unwrap();
    desk.write("covouch.toml", format!("{before}[policy]\nadmit = \"pypi and bob\"\n"));
    let picture = draw(desk, "mermaid", 0);
    assert_eq!((arrow(&picture, "80%"), arrow(&picture, "listed 100%")), ("-.->", "==>"));
}

#[test]
fn the_picture_of_a_file_that_is_kept_out_shows_what_there_is() {
    let Team { desk, .. } = &team();
    let picture = draw(desk, "mermaid", 4);
    assert!(picture.contains("80%") && picture.contains("listed 100%"), "{picture}");
    assert!(picture.contains("bob"), "who says nothing stands there without an arrow: {picture}");
}
