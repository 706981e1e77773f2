//! `Expect`: there is one expectation, and HTTP/1.0 has none.

use crate::case::{Case, bad, fields, good, post};

fn expect(expectation: &str) -> String {
    post(&format!("Expect: {expectation}\r\nContent-Length: 5"), "hello")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        good("an expectation without a body", "9110 10.1.1", fields("Expect: 100-continue"), &["GET / x"]),
        good(
            "an expectation and chunks",
            "9110 10.1.1",
            post("Expect: 100-continue\r\nTransfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
            &["POST / x hello"],
        ),
        good(
            "an expectation in HTTP/1.0",
            "9110 10.1.1",
            expect("100-continue").replace("HTTP/1.1", "HTTP/1.0"),
            &["POST / x hello"],
        )
        .closes(),
        good(
            "an unknown expectation in HTTP/1.0",
            "9110 10.1.1",
            expect("miracles").replace("HTTP/1.1", "HTTP/1.0"),
            &["POST / x hello"],
        )
        .closes(),
        bad("an expectation twice", "9110 10.1.1", expect("100-continue\r\nExpect: 100-continue"), 417),
    ];
    let known = [("an expectation", "100-continue"), ("an expectation in another case", "100-Continue")];
    cases.extend(known.map(|(name, text)| good(name, "9110 10.1.1", expect(text), &["POST / x hello"])));
    let unknown = [
        ("an unknown expectation", "miracles"),
        ("an expectation in quotes", "\"100-continue\""),
        ("an expectation with a parameter", "100-continue;a=b"),
        ("an expectation and an unknown one", "100-continue, miracles"),
        ("an unknown expectation and one that is known", "miracles, 100-continue"),
        ("an empty expectation", ""),
        ("another number", "101-continue"),
    ];
    cases.extend(unknown.map(|(name, text)| bad(name, "9110 10.1.1", expect(text), 417)));
    cases
}

#[test]
fn an_expectation_is_known_or_refused() {
    crate::check(&cases());
}
