//! Forms with files, as browsers and curl send them.

use std::{fs, process::Command};

use segno::{Io, Request, Response, Result, Router, forms};

use crate::{
    programs::{is_here, output},
    server::Running,
};

async fn upload(mut io: Io, mut request: Request) -> Result<Response> {
    let form = forms::multipart(&mut io, &mut request, 2 << 20).await?;
    let shown = form.parts.iter().map(|part| {
        let sum: u64 = part.content.iter().map(|byte| u64::from(*byte)).sum();
        format!("{} {:?} {:?} {} {sum}\n", part.name, part.file_name, part.content_type, part.content.len())
    });
    Ok(Response::text(shown.collect::<String>()))
}

#[test]
fn curl_uploads_files() {
    if is_here(&["curl"]).is_none() {
        return;
    }
    let server = Running::new(Router::new().post("/upload", upload));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("a.png"), vec![7; 1_500_000]).unwrap();
    fs::write(path("empty"), "").unwrap();
    let url = format!("http://{}/upload", server.address);
    let curl =
        |arguments: &[&str]| output(Command::new("curl").args(["-sS", "-m", "20", "--noproxy", "*"]).args(arguments));
    let (photo, empty) = (format!("photo=@{}", path("a.png")), format!("other=@{}", path("empty")));
    let text = curl(&["-F", "title=dal segno", "-F", &photo, "-F", &empty, &url]);
    let expected = "title None None 9 877\n\
                    photo Some(\"a.png\") Some(\"image/png\") 1500000 10500000\n\
                    other Some(\"empty\") Some(\"application/octet-stream\") 0 0\n";
    assert_eq!(text, expected);
    let odd = format!("{photo};filename=../../x.png;type=text/odd");
    let text = curl(&["-F", &odd, &url]);
    assert!(text.contains("Some(\"../../x.png\") Some(\"text/odd\") 1500000"), "{text}");
    let chunked = curl(&["-H", "Transfer-Encoding: chunked", "-F", "title=x", &url]);
    assert_eq!(chunked, "title None None 1 120\n");
    let code = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert_eq!(curl(&[&code[..], &["-F", &photo, "-F", &photo, &url]].concat()), "413");
    assert_eq!(curl(&[&code[..], &["-d", "title=x", &url]].concat()), "415");
}
