//! A real browser on the article's page.

use std::process::Command;

use crate::{
    article::Article,
    programs::{is_here, output},
};

#[test]
fn a_browser_shows_the_page() {
    let Some(browser) = is_here(&["chromium", "chromium-browser", "google-chrome"]) else { return };
    let article = Article::start();
    let profile = tempfile::tempdir().unwrap();
    let dom = output(
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(["--dump-dom", &format!("http://{}/together", article.address)]),
    );
    // What it made of the HTML, and not the HTML.
    assert_eq!(dom.matches("<td>generators</td>").count(), 3, "{dom}");
    assert!(dom.contains("<title>segno, side by side</title>"), "{dom}");
    assert!(dom.contains("<pre>Dal segno: from the sign, go on.\n</pre>"), "{dom}");
    assert!(dom.contains("nothing came within 5s"), "{dom}");
}
