//! How a script says what is wrong.

use std::collections::BTreeMap;

use segno::{
    Effect, Happened, Io, Now, Replay, Request, Response, Result, Sql, SqlError, SqlErrorKind, Standard, Stopped,
    Timestamp, rows,
    testing::{Expect, any, get, http_get, now, ok, script, sql},
};

use crate::{author, failure, greeting, line_of, says, says_not};

#[test]
fn another_effect_is_shown_with_its_line_and_the_difference() {
    let message = failure(
        greeting().expect(author(), rows!["name"; ["Ada"]]).expect(http_get("http://feeds.internal/8"), ok("notes")),
    );
    says(
        &message,
        &[
            &format!(
                "the handler asked for http_get at adapters/tests/script/main.rs:{}:",
                line_of(include_str!("main.rs"), "io.http_get(format!")
            ),
            "expected url: \"http://feeds.internal/8\"",
            "asked    url: \"http://feeds.internal/7\"",
            "sql",
            &format!("script/main.rs:{}:", line_of(include_str!("main.rs"), "let name: String")),
            "-> Ok(Rows",
            "NEXT EXPECTED: HttpGet",
        ],
    );
}

#[test]
fn an_effect_of_another_kind_is_named() {
    let message = failure(greeting().expect(now(), Timestamp::EPOCH));
    says(&message, &["asked for sql", "expected now", "asked    sql", "nothing"]);
}

#[test]
fn other_parameters_are_a_difference() {
    let message = failure(greeting().expect(sql("select name from author where id = ?1", [8]), rows!["name"]));
    says(&message, &["expected params[0]: 8", "asked    params[0]: 7"]);
}

#[test]
fn another_status_shows_the_error() {
    let message = failure(greeting().expect_error(author(), SqlError::new(SqlErrorKind::Busy, Happened::No, "locked")));
    says(&message, &["expected a response with status 200, got 500", "the handler failed: locked"]);
}

#[test]
fn panics_and_foreign_awaits_are_told() {
    async fn panics(mut io: Io, _: Request) -> Result<Response> {
        io.now().await?;
        panic!("planted")
    }
    let message = failure(script(panics, get("/")).expect(now(), Timestamp::EPOCH));
    says(&message, &["the handler panicked: planted", "now"]);
    async fn foreign(mut io: Io, _: Request) -> Result<Response> {
        io.now().await?;
        std::future::pending().await
    }
    let message = failure(script(foreign, get("/")).expect(now(), Timestamp::EPOCH));
    says(
        &message,
        &["awaited something that is not an effect", "after the effect `now` asked at", "script/reports.rs"],
    );
}

#[test]
fn a_handler_in_a_loop_is_told() {
    async fn turns(mut io: Io, _: Request) -> Result<Response> {
        loop {
            io.now().await?;
        }
    }
    let message = failure(script(turns, get("/")).stub(Now, Timestamp::EPOCH));
    says(&message, &["the handler has asked for 100000 effects and has not ended: is it in a loop?"]);
}

#[test]
fn the_last_effects_are_shown_with_their_answers() {
    async fn count(mut io: Io, _: Request) -> Result<Response> {
        for number in 0..20 {
            io.sql("insert into number values (?1)", [number]).await?;
        }
        io.now().await?;
        Ok(Response::text(""))
    }
    let message = failure(script(count, get("/")).stub(any::<Sql>(), rows!["n"]));
    says(&message, &["… 8 earlier effects", "Int(8)", "Int(19)", "(0#20 at adapters/tests/script/reports.rs:"]);
    says_not(&message, "Int(7)");
    assert_eq!(message.matches("-> Ok(Rows").count(), 12, "{message}");
}

#[test]
fn the_tests_own_panic_is_no_riddle() {
    let checked = Expect::new("a check that panics", |_: &Sql| panic!("planted in the check"));
    says(
        &failure(greeting().expect(checked, rows!["name"])),
        &["and the test's own code panicked: planted in the check"],
    );
    let answered = greeting().expect_with(author(), |_| panic!("planted in the answer"));
    says(&failure(answered), &["the test's own code panicked: planted in the answer", "the handler asked for sql at"]);
}

/// An effect of many fields.
#[derive(Clone, Debug, PartialEq)]
struct Order {
    items: Vec<(String, u32)>,
    note: Option<String>,
    labels: BTreeMap<&'static str, u8>,
    paid: bool,
}

impl Effect for Order {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "order";

    fn replay(&self) -> Replay {
        Replay::Once
    }
}

segno::effects! {
    /// A set of one's own.
    enum Orders (OrdersOutcome): Standard + { Order }
}

fn order() -> Order {
    Order {
        items: vec![("pen".into(), 2), ("ink".into(), 1)],
        note: Some("what two long texts have in common is long, and nobody reads it; ".repeat(4)),
        labels: BTreeMap::from([("a: b", 1), ("c", 2)]),
        paid: true,
    }
}

/// How the expected order differs, and what is said of it.
type Case = (fn(&mut Order), &'static [&'static str]);

#[test]
fn differences_are_told_field_by_field() {
    async fn ask(mut io: Io<Orders>, _: Request) -> Result<Response> {
        io.perform(order()).await?;
        Ok(Response::text(""))
    }
    script(ask, get("/")).expect(order(), ()).responds(200);
    let cases: &[Case] = &[
        (|order| order.paid = false, &["expected paid: false\n", "asked    paid: true\n"]),
        (|order| order.items[1].1 = 3, &["expected items[1][1]: 3\n", "asked    items[1][1]: 1\n"]),
        (|order| drop(order.items.pop()), &["expected items[1]: nothing\n", "asked    items[1]: (\"ink\", 1)\n"]),
        (
            |order| order.items.push(("nib".into(), 4)),
            &["expected items[2]: (\"nib\", 4)\n", "asked    items[2]: nothing\n"],
        ),
        (|order| order.note = None, &["expected note: None\n", "asked    note: Some(\"what two"]),
        (
            |order| order.note.iter_mut().for_each(|note| note.push_str("not")),
            &["expected note: …in common is long, and nobody reads it; not\"\n", "asked    note: …in common is long"],
        ),
        (
            |order| order.labels.extend([("a: b", 7)]),
            &["expected labels[\"a: b\"]: 7\n", "asked    labels[\"a: b\"]: 1\n"],
        ),
        (
            |order| order.labels.retain(|label, _| *label != "c"),
            &["expected labels[\"c\"]: nothing\n", "asked    labels[\"c\"]: 2\n"],
        ),
    ];
    for (change, lines) in cases {
        let mut changed = order();
        change(&mut changed);
        let message = failure(script(ask, get("/")).expect(changed, ()));
        says(&message, lines);
        assert_eq!(
            message.matches("\n        expected ").count(),
            1,
            "one field differs, and one is shown:\n{message}"
        );
    }
    let many = Order { items: (0..10).map(|number| (String::new(), number)).collect(), ..order() };
    says(&failure(script(ask, get("/")).expect(many, ())), &["expected items[0][0]: \"\"", "… and 3 more differences"]);
}

#[test]
fn many_expectations_are_not_all_shown() {
    let message = failure(
        greeting()
            .expect(now(), Timestamp::EPOCH)
            .times(2)
            .expect(author(), rows!["n"])
            .expect(now(), Timestamp::EPOCH)
            .expect(now(), Timestamp::EPOCH)
            .expect(now(), Timestamp::EPOCH),
    );
    says(&message, &["NEXT EXPECTED: 2 times any now", "then sql {", "then any now", "… and 1 more"]);
    assert_eq!(message.matches("asked    sql").count(), 1, "the next one alone is compared:\n{message}");
}
