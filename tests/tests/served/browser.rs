//! A real browser on the article's page, and on a page of outcomes.

use std::process::Command;

use segno::{
    Io, Request, Response, Result,
    testing::{Outcomes, World, explore},
};

use crate::{
    article::Article,
    programs::{is_here, output},
};

#[test]
fn a_browser_shows_the_page() {
    let article = Article::start();
    let Some(dom) = shown(&format!("http://{}/together", article.address)) else { return };
    // What it made of the HTML, and not the HTML.
    assert_eq!(dom.matches("<td>generators</td>").count(), 3, "{dom}");
    assert!(dom.contains("<title>segno, side by side</title>"), "{dom}");
    assert!(dom.contains("<pre>Dal segno: from the sign, go on.\n</pre>"), "{dom}");
    assert!(dom.contains("nothing came within 5s"), "{dom}");
}

#[test]
fn a_browser_shows_which_outcomes_were_driven() {
    let outcomes = Outcomes::new();
    explore(greet, World::new).stops(&[]).outcomes(&outcomes).check(|_, _| ());
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("outcomes.html");
    outcomes.report().write_html(&page).unwrap();
    let Some(dom) = shown(&format!("file://{}", page.display())) else { return };
    // It closes what the HTML leaves open.
    assert!(dom.contains("<th>ok</th><th>closed</th><th>stopped</th></tr>"), "{dom}");
    assert!(dom.contains("<caption>chat_send <small>2 of 3</small></caption>\n<tbody><tr><th>line</th>"), "{dom}");
    assert_eq!(dom.matches("<td class=\"missing\">NO</td>").count(), 1, "{dom}");
}

async fn greet(mut io: Io, _: Request) -> Result<Response> {
    let heard = io.chat_send("room", "hello").await?;
    Ok(Response::text(heard.to_string()))
}

/// A browser, if one is here.
pub(crate) fn browser() -> Option<&'static str> {
    is_here(&["chromium", "chromium-browser", "google-chrome"])
}

/// What a browser makes of a page, as HTML; nothing if there is no browser.
pub(crate) fn shown(address: &str) -> Option<String> {
    let browser = browser()?;
    let profile = tempfile::tempdir().unwrap();
    let dom = output(
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(["--dump-dom", address]),
    );
    Some(dom)
}
