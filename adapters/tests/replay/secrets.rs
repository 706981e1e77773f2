//! No secret is written, and the handler runs again all the same.

use std::fs;

use segno::{
    Chunk, HttpReply, HttpRequest, Io, Request, Response, Result, Rows, Standard, StandardOutcome, Value,
    record::Recorder, rows, testing::replay,
};

use crate::{directory, files, record};

const SECRETS: &[&str] = &[
    "s3cr3t-bearer",
    "correct horse",
    "correct+horse",
    "cookie-of-ada",
    "fresh-cookie",
    "hash-of-ada",
    "q-t0ken",
    "iban-7",
];

/// Passes secrets on in every way that a name or a value tells.
async fn sign_in(mut io: Io, mut request: Request) -> Result<Response> {
    let authorization = request.header("authorization").unwrap_or_default().to_owned();
    let bearer = authorization.trim_start_matches("Bearer ").to_owned();
    let cookie = request.header("cookie").unwrap_or_default().to_owned();
    let session = cookie.split("; ").find_map(|cookie| cookie.strip_prefix("id=")).unwrap_or_default().to_owned();
    let token: String = request.query("token")?.unwrap_or_default();
    let form = request.body.form(&mut io, 1 << 10).await?;
    let password: String = form.get("password")?.unwrap_or_default();
    io.sql("insert into try (who, password, session) values (?1, ?2, ?3)", ("ada", &password, &session)).await?;
    let known = io.sql("select name, password_hash from author where iban = ?1", [form.get::<String>("iban")?]).await?;
    let hash: String = known.one()?.get("password_hash")?;
    let send = HttpRequest::post(format!("http://auth.internal/?token={token}"))
        .header("authorization", &authorization)?
        .body(format!(r#"{{"user":"ada","password":"{password}","bearer":"{bearer}","old":"{hash}"}}"#));
    let reply = io.http_send(send).await?;
    let fresh = reply.header("set-cookie").unwrap_or_default().to_owned();
    io.chat_send("log", format!("{bearer} has {fresh}, pin {}", reply.text())).await?;
    Ok(Response::text("no").status(500))
}

fn answer(pieces: &mut Vec<&'static [u8]>, effect: &Standard) -> StandardOutcome {
    match effect {
        Standard::ReadBody(_) => StandardOutcome::ReadBody(Ok(pieces.pop().map(|piece| Chunk(piece.into())))),
        Standard::Sql(sql) if sql.text.starts_with("insert") => StandardOutcome::Sql(Ok(Rows::written(1, None))),
        Standard::Sql(_) => StandardOutcome::Sql(Ok(rows!["name", "password_hash"; ["Ada", "hash-of-ada"]])),
        Standard::HttpSend(_) => {
            let mut reply = HttpReply::new(200, r#"{"pin": 24681357, "token": "fresh-cookie", "n": 1.0}"#);
            reply.headers.add("set-cookie", "id=fresh-cookie; HttpOnly; Path=/").unwrap();
            StandardOutcome::HttpSend(Ok(reply))
        }
        Standard::ChatSend(_) => StandardOutcome::ChatSend(Ok(1)),
        effect => panic!("{effect:?}"),
    }
}

fn request() -> Request {
    let mut request = Request::post("/sign-in?lang=en&token=q-t0ken");
    for (name, value) in [("authorization", "Bearer s3cr3t-bearer"), ("cookie", "lang=en-is-not; id=cookie-of-ada")] {
        request.headers.insert(name, value.parse().unwrap());
    }
    request
}

#[test]
fn a_body_in_any_pieces_hides_its_secrets_and_runs_again() {
    let body: &'static [u8] = b"who=ada&password=correct+horse&iban=iban-7&note=\xc3\xa4&correct+horse";
    for cut in 0..body.len() {
        let directory = directory();
        let recorder = Recorder::new(&directory).unwrap().secret("iban");
        let mut pieces = if cut == 0 { vec![body] } else { vec![&body[cut..], &body[..cut]] };
        record(&recorder, request(), sign_in, |effect| answer(&mut pieces, effect));
        let file = &files(&directory)[0];
        let text = fs::read_to_string(file).unwrap();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}, cut at {cut}:\n{text}");
        }
        assert!(!text.contains("24681357"), "{text}");
        assert!(text.contains("Bearer [secret-") && text.contains("id=[secret-"), "{text}");
        let form = text.contains("who=ada&password=[secret-") && text.contains("&iban=[secret-");
        assert!(form || cut > 0, "{text}");
        assert!(text.contains("HttpOnly; Path=/") && text.contains("lang=en&token=[secret-"));
        replay(sign_in, file).responds(500).body("no");
        replay(sign_in, file).ends_as_recorded();
    }
}

#[test]
fn equal_secrets_look_equal_in_one_file_and_different_in_two() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap();
    let mut tokens = Vec::new();
    let body: &'static [u8] = b"password=correct+horse&iban=7";
    for run in 0..2 {
        let mut pieces = vec![body];
        record(&recorder, request(), sign_in, |effect| answer(&mut pieces, effect));
        let text = fs::read_to_string(&files(&directory)[run]).unwrap();
        let (_, from) = text.split_once("Bearer ").unwrap();
        let token = &from[.."[secret-1f2e3d4c]".len()];
        assert!(text.matches(token).count() >= 4, "the header twice, the body and the message: {text}");
        tokens.push(token.to_owned());
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn another_secret_in_the_place_of_a_secret_is_a_difference() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    async fn passes_on(name: &'static str, mut io: Io, request: Request) -> Result<Response> {
        io.sql("select ?1", [request.header(name)]).await?;
        Ok(Response::text(""))
    }
    let mut request = Request::get("/");
    request.headers.insert("x-api-key", "key-of-the-application".parse().unwrap());
    request.headers.insert("x-auth-token", "token-of-the-user".parse().unwrap());
    record(
        &recorder,
        request,
        |io, request| passes_on("x-api-key", io, request),
        |_| StandardOutcome::Sql(Ok(Rows::written(1, None))),
    );
    let file = &files(&directory)[0];
    replay(|io, request| passes_on("x-api-key", io, request), file).ends_as_recorded();
    let swapped = replay(|io, request| passes_on("x-auth-token", io, request), file);
    crate::says(&crate::failure(|| swapped.ends_as_recorded()), &["a changed effect: sql (0#1)", "Text(\"[secret-"]);
}

#[test]
fn what_only_looks_like_a_secret_s_name_stays() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    const SQL: &str = "update author set password = ?1 where shopping = 'a' and tokens_used=1";
    let handler = async |mut io: Io, _: Request| {
        io.sql(SQL, (7, "x", None::<i64>, 0.1, Value::Bytes(vec![255, 1].into()))).await?;
        Ok(Response::text(""))
    };
    let answer =
        |_: &Standard| StandardOutcome::Sql(Ok(rows!["pin", "name"; [None::<i64>, "shopping=1&tokens_used=2"]]));
    record(&recorder, Request::get("/?shopping=1&tokens_used=2"), handler, answer);
    let text = fs::read_to_string(&files(&directory)[0]).unwrap();
    assert!(!text.contains("[secret-"), "{text}");
    assert!(text.contains(SQL) && text.contains(r#""0.1""#) && text.contains(r#"["null",{"text":"#), "{text}");
    replay(handler, &files(&directory)[0]).ends_as_recorded();
}

#[test]
fn a_secret_that_is_a_common_word_does_not_break_the_file() {
    for word in
        ["select", "http_send", "unknown", "0#1", "answered", "secret", "[secret-", "a\"b\\c", "x", "null", "text"]
    {
        let directory = directory();
        let recorder = Recorder::new(&directory).unwrap().one_in(1);
        let handler = async |mut io: Io, request: Request| {
            let key = request.header("x-api-key").unwrap_or_default().to_owned();
            let rows = io.sql("select name from author where key = ?1", [&key]).await?;
            let _ = io.http_send(HttpRequest::get(format!("http://x/{}", rows.len()))).await;
            Ok(Response::text(key))
        };
        let mut request = Request::get("/");
        request.headers.insert("x-api-key", word.parse().unwrap());
        let answer = |effect: &Standard| match effect {
            Standard::Sql(_) => StandardOutcome::Sql(Ok(rows!["name"; ["null"]])),
            effect => {
                use segno::{Happened, Has, HttpError, HttpErrorKind, HttpSend};
                assert!(<Standard as Has<HttpSend>>::project(effect).is_some());
                StandardOutcome::HttpSend(Err(HttpError::new(HttpErrorKind::Timeout, Happened::Unknown, "unknown")))
            }
        };
        record(&recorder, request, handler, answer);
        replay(handler, &files(&directory)[0]).ends_as_recorded();
    }
}

/// Passes the body on, and says what it was.
async fn pass_on(mut io: Io, mut request: Request) -> Result<Response> {
    let key = request.header("x-api-key").unwrap_or_default().to_owned();
    let body = request.body.bytes(&mut io, 1 << 10).await?;
    let send = HttpRequest::post("http://other.internal/").header("x-api-key", &key)?.body(body.clone());
    let again = io.http_send(send).await?.body;
    io.sql("insert into log values (?1, ?2)", (again, String::from_utf8_lossy(&body).into_owned())).await?;
    Ok(Response::text(body))
}

#[test]
fn any_body_in_any_pieces_hides_its_secrets_and_runs_again() {
    let cases: &[(&[u8], &[&str])] = &[
        (
            br#"{"user":"ada","password":"p\"a\\ss w\u00f6rd","n":[1,{"token":"tok-12345"}],"card":{"card_number":4111222233334444}}"#,
            &["ss w", "tok-12345", "4111222233334444"],
        ),
        (br#"[["x-api-key","other-key-1"],["cookie",["id=cookie-123"]],["a","b"]]"#, &["other-key-1", "cookie-123"]),
        (br#"{"inner":"{\"secret\":\"in a text\"}"}"#, &["in a text"]),
        (b"a=1&new_password=%70%61ss+w%C3%B6rd%21&b=key-of-all", &["%70%61ss", "pass w", "key-of-all"]),
        (b"\xff\x00 key-of-all \xff", &["key-of-all", "a2V5LW9mLWFsb", "tleS1vZi1hbG", "rZXktb2YtYWxs"]),
    ];
    for (body, secrets) in cases {
        for cut in 0..body.len() {
            let directory = directory();
            let recorder = Recorder::new(&directory).unwrap().one_in(1);
            let mut request = Request::post("/");
            request.headers.insert("x-api-key", "key-of-all".parse().unwrap());
            let pieces = if cut == 0 { vec![*body] } else { vec![&body[cut..], &body[..cut]] };
            let mut pieces: Vec<_> =
                pieces.into_iter().map(|piece| Chunk(bytes::Bytes::copy_from_slice(piece))).collect();
            record(&recorder, request, pass_on, |effect| match effect {
                Standard::ReadBody(_) => StandardOutcome::ReadBody(Ok(pieces.pop())),
                Standard::HttpSend(send) => StandardOutcome::HttpSend(Ok(HttpReply::new(200, send.0.body.clone()))),
                _ => StandardOutcome::Sql(Ok(Rows::written(1, None))),
            });
            let file = &files(&directory)[0];
            let text = fs::read_to_string(file).unwrap();
            for secret in *secrets {
                assert!(!text.contains(secret), "{secret}, cut at {cut}:\n{text}");
            }
            replay(pass_on, file).ends_as_recorded();
        }
    }
}
