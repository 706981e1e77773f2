//! The guide shows the code that its snippets run, and what is truly printed.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use segno::{
    Rows,
    testing::{chat_send, explore, http_post, ok, post, script, simulate, sql},
};

// The shop before its bug is found.
include!("../src/testing/guide/shop.in");
include!("../src/testing/guide/pay_at_first.in");
include!("../src/testing/guide/rush.in");
include!("../src/testing/guide/world.in");

/// The example of the README.
mod readme {
    use segno::testing::{End, Explored, Finding, Sqlite, World, explore};
    use segno::{Happened, HttpReply, HttpRequest, Io, Request, Response, Result};

    include!("../src/testing/guide/readme.in");

    pub(super) fn finding() -> Box<Finding> {
        explore(pay, world).find(check).unwrap_err()
    }

    pub(super) fn explored_when_mended() -> Explored {
        let mended = async |mut io: Io, _: Request| {
            if let Err(error) = io.http_send(HttpRequest::post("http://bank.internal/charge")).await {
                if error.happened == Happened::No {
                    io.cleanup().sql("delete from seat", ()).await?;
                }
                return Err(error.into());
            }
            Ok(Response::text("see you there"))
        };
        explore(mended, world).check(check)
    }
}

const README: &str = include_str!("../../README.md");

const GUIDE: &str = include_str!("../src/testing/guide.md");

const SHOP: &str = include_str!("../src/testing/guide/shop.in");
const PAY_AT_FIRST: &str = include_str!("../src/testing/guide/pay_at_first.in");

#[test]
fn the_guide_shows_the_code_that_its_snippets_run() {
    shows(&format!("{SHOP}\n{PAY_AT_FIRST}"));
    shows(include_str!("../src/testing/guide/pay.in"));
    shows(include_str!("../src/testing/guide/rush.in"));
    shows(include_str!("../src/testing/guide/world.in"));
}

#[test]
fn the_guide_shows_how_a_script_fails() {
    let failing = script(shop(), post("/buy/A1?buyer=Ada"))
        .expect(sql(HOLD, ["A1", "Ada"]), Rows::written(1, None))
        .expect(http_post("http://bank.internal/charge").body("A2"), ok("charged"))
        .expect(chat_send("sold").message("A1"), 3);
    let panic = catch_unwind(AssertUnwindSafe(|| drop(failing.responds(200)))).unwrap_err();
    shows(&as_in_the_guide(panic.downcast_ref::<String>().unwrap()));
}

#[test]
fn the_guide_shows_the_finding_of_the_exploration() {
    let finding = explore(shop(), world).request(post("/buy/A1?buyer=Ada")).find(check).unwrap_err();
    shows(&as_in_the_guide(&finding.to_string()));
}

#[test]
fn the_guide_shows_the_schedule_of_the_simulation() {
    let finding = simulate(Router::new().post("/rush/{seat}/{buyer}", rush), world)
        .client(post("/rush/A1/Ada"))
        .client(post("/rush/A1/Grace"))
        .find(|_, ends| assert!(ends.iter().filter(|end| end.succeeded()).count() <= 1, "sold twice"))
        .unwrap_err();
    let report = finding.to_string();
    let schedule: Vec<_> = report.lines().filter(|line| line.contains(" client ")).collect();
    shows(&as_in_the_guide(&schedule.join("\n")));
    shows(finding.replay());
}

#[test]
fn the_readme_shows_its_finding_and_what_is_explored_without_it() {
    let report = readme::finding().to_string().replace(&format!("{}readme.in", folder()), "src/pay.rs");
    let explored = readme::explored_when_mended().to_string();
    for text in [include_str!("../src/testing/guide/readme.in"), &report, &explored] {
        assert!(README.contains(text.trim_end()), "README.md is to show this:\n{text}");
    }
}

#[track_caller]
fn shows(text: &str) {
    assert!(GUIDE.contains(text.trim_end()), "guide.md is to show this:\n{text}");
}

/// With places as they are in the program that the guide's reader writes: all of the shop in one file.
fn as_in_the_guide(text: &str) -> String {
    let folder = folder();
    let before = SHOP.lines().count() + 1;
    let mut shown =
        text.replace(&format!("{folder}shop.in"), "src/shop.rs").replace(&format!("{folder}rush.in"), "src/rush.rs");
    for line in 1..=PAY_AT_FIRST.lines().count() {
        shown = shown.replace(&format!("{folder}pay_at_first.in:{line}:"), &format!("src/shop.rs:{}:", before + line));
    }
    shown
}

/// Where the code of the guide stands, as the compiler names it.
fn folder() -> String {
    file!().rsplit_once('/').unwrap().0.to_owned() + "/../src/testing/guide/"
}
