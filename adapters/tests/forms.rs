//! Forms as types, and forms with files.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use segno::{
    BodyError, BodyErrorKind, Happened, Io, ReadBody, Request, Response, Result, forms,
    testing::{TestRequest, World, any, explore, post, script},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Size {
    Small,
    Large,
}

#[derive(Debug, Deserialize)]
struct Order {
    name: String,
    seats: Option<u8>,
    #[serde(default)]
    extras: Vec<String>,
    #[serde(default)]
    sizes: Vec<Size>,
}

async fn order(mut io: Io, mut request: Request) -> Result<Response> {
    let order: Order = forms::parse(&request.body.form(&mut io, 1_000).await?)?;
    let Order { name, seats, extras, sizes } = order;
    Ok(Response::text(format!("{name} {seats:?} {extras:?} {sizes:?}")))
}

#[test]
fn a_form_is_a_value() {
    let cases: &[(&str, &str)] = &[
        ("name=Ada", "Ada None [] []"),
        ("name=Ada+%26+Grace&seats=2", "Ada & Grace Some(2) [] []"),
        ("name=A&extras=tea&extras=cake&seats=255", "A Some(255) [\"tea\", \"cake\"] []"),
        ("name=A&sizes=small&sizes=large", "A None [] [Small, Large]"),
        ("name=A&unknown=1", "A None [] []"),
        ("name=A&seats=", "A None [] []"),
        ("name=", " None [] []"),
    ];
    for (form, body) in cases {
        script(order, post("/").body(*form)).responds(200).body(body);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("", "the form: missing field `name`"),
        ("seats=1", "the form: missing field `name`"),
        ("name=A&seats=many", "`seats` in the form: invalid digit found in string"),
        ("name=A&seats=256", "`seats` in the form: number too large to fit in target type"),
        (
            "name=A&sizes=small&sizes=huge",
            "`sizes[1]` in the form: unknown variant `huge`, expected `small` or `large`",
        ),
    ];
    for (form, body) in cases {
        script(order, post("/").body(form)).responds(400).body(body);
    }
}

#[test]
fn a_query_is_a_value_in_the_same_way() {
    #[derive(Deserialize)]
    struct Search {
        text: String,
        page: u32,
    }
    let search: Search = forms::parse_query(&Request::get("/?page=2&text=dal+segno")).unwrap();
    assert_eq!((&*search.text, search.page), ("dal segno", 2));
    let error = forms::parse_query::<Search>(&Request::get("/?page=x&text=")).err().unwrap();
    assert_eq!(error.public(), (http::StatusCode::BAD_REQUEST, "`page` in the query: invalid digit found in string"));
    assert_eq!(forms::parse_query::<Search>(&Request::get("/")).err().unwrap().public().0, 400);
}

#[test]
fn all_fields_of_a_name_are_there() {
    async fn sum(mut io: Io, mut request: Request) -> Result<Response> {
        let form = request.body.form(&mut io, 1_000).await?;
        let numbers: Vec<i64> = form.all("n")?;
        Ok(Response::text(format!("{numbers:?} {}", String::from_utf8_lossy(form.encoded()))))
    }
    script(sum, post("/").body("n=1&m=2&n=3")).responds(200).body("[1, 3] n=1&m=2&n=3");
    script(sum, post("/").body("")).responds(200).body("[] ");
    script(sum, post("/").body("n=1&n=x")).responds(400).body("`n` in the form: invalid digit found in string");
}

async fn upload(mut io: Io, mut request: Request) -> Result<Response> {
    let form = forms::multipart(&mut io, &mut request, 4_000).await?;
    let shown = form.parts.iter().map(|part| {
        let content = String::from_utf8_lossy(&part.content);
        format!("{} {:?} {:?} {content:?}\n", part.name, part.file_name, part.content_type)
    });
    Ok(Response::text(shown.collect::<String>()))
}

fn form(body: impl AsRef<str>) -> TestRequest {
    let body = body.as_ref().replace('\n', "\r\n");
    post("/").header("content-type", "multipart/form-data; boundary=X").body(body)
}

/// A part with these further fields.
fn part(disposition: &str, more: &str, content: &str) -> String {
    format!("--X\nContent-Disposition: form-data; {disposition}\n{more}\n{content}\n")
}

#[test]
fn parts_are_fields_and_files() {
    let text = part("name=\"title\"", "", "caf\u{e9}");
    let file = part("name=\"photo\"; filename=\"a.png\"", "Content-Type: image/png\n", "\u{0}PNG\n--\n--Y");
    let cases = [
        ("--X--\n".to_owned(), ""),
        (format!("{text}--X--\n"), "title None None \"caf\u{e9}\"\n"),
        (format!("{text}--X--"), "title None None \"caf\u{e9}\"\n"),
        (format!("{text}--X--\nepilogue"), "title None None \"caf\u{e9}\"\n"),
        (format!("{file}--X--\n"), "photo Some(\"a.png\") Some(\"image/png\") \"\\0PNG\\r\\n--\\r\\n--Y\"\n"),
        (format!("{}--X--\n", part("name=a", "", "")), "a None None \"\"\n"),
        (
            format!("{}{}--X--\n", part("name=\"a\"", "", "1"), part("name=\"a\"", "", "2")),
            "a None None \"1\"\na None None \"2\"\n",
        ),
        // A name is data.
        (
            format!("{}--X--\n", part("name=\"f\"; filename=\"../../etc/passwd\"", "", "x")),
            "f Some(\"../../etc/passwd\") None \"x\"\n",
        ),
        (
            format!("{}--X--\n", part("name=\"f\"; filename=\"na\u{ef}ve \\\"x\\\".txt\"", "", "x")),
            "f Some(\"na\u{ef}ve \\\"x\\\".txt\") None \"x\"\n",
        ),
    ];
    for (body, expected) in cases {
        script(upload, form(&body)).responds(200).body(expected);
        // It comes in any pieces; each is an effect.
        let bytes = body.replace('\n', "\r\n").into_bytes();
        let request = post("/").header("content-type", "multipart/form-data; boundary=X");
        let pieces: Vec<Vec<u8>> = bytes.chunks(3).map(<[u8]>::to_vec).collect();
        script(upload, request.body_in_pieces(pieces)).responds(200).body(expected);
    }
}

#[test]
fn what_is_no_form_is_refused() {
    let whole = format!("{}--X--\n", part("name=\"a\"", "", "1"));
    for end in 1..whole.len() - "--\n".len() {
        script(upload, form(&whole[..end])).responds(400);
    }
    let cases = [
        (String::new(), 400),
        ("no parts at all".into(), 400),
        (format!("{}--X--\n", part("filename=\"a\"", "", "1")), 400),
        ("--X\n\nno name\n--X--\n".into(), 400),
        (format!("--X\nContent-Disposition: form-data; name=\"{}\n", "x".repeat(2_000)), 400),
        (format!("--X\n{}\n1\n--X--\n", "a: b\n".repeat(100)), 400),
        (format!("{}--X--\n", part("name=\"a\"", "", &"x".repeat(5_000))), 413),
    ];
    for (body, status) in cases {
        script(upload, form(&body)).responds(status);
    }
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    let types = [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/mixed; boundary=X", 415),
        ("multipart/form-data", 415),
        ("nonsense", 415),
        ("multipart/form-data; boundary=\"\"", 415),
        (&long, 400),
    ];
    for (kind, status) in types {
        script(upload, post("/").header("content-type", kind).body("--X--\r\n")).responds(status);
    }
    script(upload, post("/").body("--X--\r\n")).responds(415);
}

#[test]
fn the_number_of_parts_is_bounded() {
    async fn count(mut io: Io, mut request: Request) -> Result<Response> {
        let form = forms::multipart(&mut io, &mut request, 1 << 20).await?;
        Ok(Response::text(form.parts.len().to_string()))
    }
    let parts = |number| part("name=\"a\"", "", "").repeat(number) + "--X--\n";
    script(count, form(parts(1_000))).responds(200).body("1000");
    script(count, form(parts(1_001))).responds(400).body("the form has more than 1000 parts");
}

#[test]
fn a_field_that_is_not_text_says_so() {
    async fn title(mut io: Io, mut request: Request) -> Result<Response> {
        let form = forms::multipart(&mut io, &mut request, 1_000).await?;
        Ok(Response::text(form.text("title")?.unwrap_or("none").to_owned()))
    }
    let request = |content: &[u8]| {
        let body =
            [&b"--X\r\nContent-Disposition: form-data; name=title\r\n\r\n"[..], content, b"\r\n--X--\r\n"].concat();
        post("/").header("content-type", "multipart/form-data; boundary=X").body(body)
    };
    script(title, request(b"segno")).responds(200).body("segno");
    script(title, request(b"\xff")).responds(400).body("`title` in the form: it is not UTF-8");
    script(title, form("--X--\n")).responds(200).body("none");
}

#[test]
fn a_body_that_fails_fails_the_form() {
    let broken = BodyError::new(BodyErrorKind::Incomplete, Happened::No, "the client went away");
    let request = form(format!("{}--X--\n", part("name=\"a\"", "", "1")));
    script(upload, request.clone()).expect_error(any::<ReadBody>(), broken).responds(500);
    // No await in it is a foreign one, whatever fails and whenever it is stopped.
    let explored = explore(upload, World::new).request(request).check(|_, end| {
        assert!(matches!(end.status(), Some(200 | 413 | 500 | 503) | None), "{end}");
    });
    assert!(explored.to_string().ends_with("all that there are"), "{explored}");
}
