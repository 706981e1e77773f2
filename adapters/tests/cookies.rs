//! Cookies: what is read of a request, and what a response says.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::time::Duration;

use segno::{
    Io, Request, Response, ResponseHead, Result,
    cookies::{Cookie, Cookies, SameSite, SetCookie},
    testing::{get, script},
};

fn read(fields: &[&[u8]]) -> Vec<(String, String)> {
    let mut request = Request::get("/");
    for field in fields {
        request.headers.append("cookie", http::HeaderValue::from_bytes(field).unwrap());
    }
    Cookies::of(&request).iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn cookies_are_read_and_what_is_none_is_skipped() {
    type Case = (&'static [&'static [u8]], &'static [(&'static str, &'static str)]);
    let cases: &[Case] = &[
        (&[], &[]),
        (&[b""], &[]),
        (&[b"a=1"], &[("a", "1")]),
        (&[b"a=1; b=2;c=3 ;d=4"], &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]),
        (&[b"a=1", b"b=2; a=3"], &[("a", "1"), ("b", "2"), ("a", "3")]),
        (&[b"a=x=y=z"], &[("a", "x=y=z")]),
        (&[b"a=\"1\""], &[("a", "1")]),
        (&[b"a="], &[("a", "")]),
        (&[b"a=caf%C3%A9%3B"], &[("a", "caf\u{e9};")]),
        (&[b"a=caf\xc3\xa9"], &[("a", "café")]),
        // No name, no value, no UTF-8.
        (&[b"a"], &[]),
        (&[b"=1; b=2"], &[("b", "2")]),
        (&[b";;; ; a=1"], &[("a", "1")]),
        (&[b"a=%ff; b=2"], &[("b", "2")]),
        (&[b"a=\xff", b"b=2"], &[("b", "2")]),
        (&[b"$Version=1; a=1"], &[("$Version", "1"), ("a", "1")]),
        (&[b"a=%"], &[("a", "%")]),
        // Browsers watch over these names, as long as they are not disguised.
        (&[b"__Host-a=1;\t__Secure-b=2"], &[("__Host-a", "1"), ("__Secure-b", "2")]),
        (&[b"__%48ost-a=1; %5f_Secure-b=2; __%68ost-c=3; d=4"], &[("d", "4")]),
        (&[b"\xe2\x80\x80__Host-a=1; \xc2\xa0__Secure-b=2; d=4"], &[("d", "4")]),
    ];
    for (fields, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(
            read(fields),
            expected,
            "{:?}",
            fields.iter().map(|f| String::from_utf8_lossy(f)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn the_first_cookie_of_a_name_is_the_one() {
    let mut request = Request::get("/");
    request.headers.append("cookie", "a=1; a=2; b=3".parse().unwrap());
    let cookies = Cookies::of(&request);
    assert_eq!([cookies.get("a"), cookies.get("b"), cookies.get("A")], [Some("1"), Some("3"), None]);
}

#[test]
fn a_cookie_is_safe_if_nothing_else_is_said() {
    let hour = Duration::from_secs(3_600);
    let cookie = || Cookie::new("a", "1");
    let cases = [
        (cookie(), "a=1; HttpOnly; SameSite=Lax; Path=/"),
        (cookie().secure(), "a=1; HttpOnly; SameSite=Lax; Secure; Path=/"),
        (cookie().for_scripts(), "a=1; SameSite=Lax; Path=/"),
        (cookie().max_age(hour), "a=1; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600"),
        (cookie().same_site(SameSite::Strict), "a=1; HttpOnly; SameSite=Strict; Path=/"),
        (cookie().same_site(SameSite::None), "a=1; HttpOnly; SameSite=None; Secure; Path=/"),
        (cookie().path("/shop").unwrap(), "a=1; HttpOnly; SameSite=Lax; Path=/shop"),
        (cookie().domain("a.example").unwrap(), "a=1; HttpOnly; SameSite=Lax; Path=/; Domain=a.example"),
        (Cookie::removal("a"), "a=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"),
        (Cookie::new("__Host-a", "1"), "__Host-a=1; HttpOnly; SameSite=Lax; Secure; Path=/"),
        (Cookie::new("__Secure-a", "1"), "__Secure-a=1; HttpOnly; SameSite=Lax; Secure; Path=/"),
    ];
    for (cookie, expected) in cases {
        assert_eq!(cookie.to_string(), expected);
    }
    assert!(cookie().max_age(Duration::MAX).to_string().contains("; Max-Age="));
}

/// What is written is read again, and adds no attribute and no field.
#[test]
fn any_text_can_be_a_value() {
    let texts =
        ["", "a b", "a;b", "a; Domain=evil", "\r\nset-cookie: b=2", "\0", "café", "\"x\"", "a=b", "%41", "%", ","];
    for text in texts {
        let cookie = Cookie::new("a", text).to_string();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/", "{text:?}");
        assert_eq!(read(&[pair.as_bytes()]), [("a".to_owned(), text.to_owned())], "{cookie}");
    }
    let cookie = Cookie::new("a;b=c\r\n", "1").to_string();
    assert!(cookie.ends_with("=1; HttpOnly; SameSite=Lax; Path=/") && !cookie.contains('\n'), "{cookie}");
}

#[test]
fn an_attribute_is_one_attribute() {
    for text in ["/; Domain=evil", "/\r\nx: y", "\0", "a\u{7f}"] {
        let error = Cookie::new("a", "1").path(text).unwrap_err().to_string();
        assert!(error.contains("a semicolon or a control character"), "{error}");
        Cookie::new("a", "1").domain(text).unwrap_err();
    }
}

#[test]
fn each_cookie_has_its_own_field() {
    let two = |response: Response| response.cookie(&Cookie::new("a", "1"))?.cookie(&Cookie::new("b", "2"));
    let (head, _) = two(Response::text("")).unwrap().into_whole().unwrap();
    let fields: Vec<_> = head.headers.get_all("set-cookie").iter().collect();
    assert_eq!(fields, ["a=1; HttpOnly; SameSite=Lax; Path=/", "b=2; HttpOnly; SameSite=Lax; Path=/"]);
}

#[test]
fn a_streamed_response_sets_cookies_with_its_head() {
    async fn stream(mut io: Io, request: Request) -> Result<Response> {
        let seen = Cookies::of(&request).get("seen").is_some();
        let mut out = io.respond(ResponseHead::text().cookie(&Cookie::new("seen", "yes"))?).await?;
        out.write(&mut io, seen.to_string()).await?;
        Ok(out.end())
    }
    let field = "seen=yes; HttpOnly; SameSite=Lax; Path=/";
    script(stream, get("/")).responds(200).header("set-cookie", field).body("false");
    script(stream, get("/").header("cookie", "seen=yes")).responds(200).body("true");
}
