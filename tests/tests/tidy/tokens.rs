//! Rust source as tokens: enough to tell code from comments and from text.

/// A piece of source that is neither space nor comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// From 1.
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier, a keyword or a number.
    Word,
    /// `::`, or one character of any other punctuation.
    Mark,
    /// A string, a character or a lifetime.
    Literal,
}

impl Token<'_> {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }
}

/// Splits source into tokens.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let (mut rest, mut line, mut found) = (source, 1, Vec::new());
    while let Some(first) = rest.chars().next() {
        let (kind, length) = next(rest, first);
        let (text, after) = rest.split_at(length);
        if let Some(kind) = kind {
            found.push(Token { kind, text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

/// The tokens of what is compiled without tests: items under `#[cfg(test)]` are left out.
pub(crate) fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let Some(attribute) = attribute(&tokens[at..]) else {
            kept.push(tokens[at]);
            at += 1;
            continue;
        };
        let tests = spells(attribute, &["#", "[", "cfg", "("])
            && attribute.iter().any(|token| token.is("test"))
            && !attribute.iter().any(|token| token.is("not"));
        if tests {
            at += attribute.len();
            at += item(&tokens[at..]);
        } else {
            kept.extend_from_slice(attribute);
            at += attribute.len();
        }
    }
    kept
}

/// Whether the tokens begin with these.
pub(crate) fn spells(tokens: &[Token<'_>], words: &[&str]) -> bool {
    tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| token.is(word))
}

/// The attribute that the tokens begin with, whole.
pub(crate) fn attribute<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let start = if spells(tokens, &["#", "["]) {
        1
    } else if spells(tokens, &["#", "!", "["]) {
        2
    } else {
        return None;
    };
    Some(&tokens[..start + group(&tokens[start..])])
}

/// The length of the group that the first token opens: up to its closing bracket, and with it.
pub(crate) fn group(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if ["(", "[", "{"].iter().any(|open| token.is(open)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|close| token.is(close)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

/// The length of the item that the tokens begin with: up to its body's end, or its semicolon.
pub(crate) fn item(tokens: &[Token<'_>]) -> usize {
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is(";") {
            return at + 1;
        }
        if tokens[at].is("{") {
            return at + group(&tokens[at..]);
        }
        at += if tokens[at].is("(") || tokens[at].is("[") { group(&tokens[at..]) } else { 1 };
    }
    tokens.len()
}

/// The kind of the first piece, if it is a token, and its length.
fn next(rest: &str, first: char) -> (Option<Kind>, usize) {
    if first.is_whitespace() {
        (None, first.len_utf8())
    } else if rest.starts_with("//") {
        (None, rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (None, block_comment(rest))
    } else if let Some(length) = string(rest) {
        (Some(Kind::Literal), length)
    } else if first == '\'' {
        (Some(Kind::Literal), quote(rest))
    } else if is_word(first) {
        (Some(Kind::Word), word(rest))
    } else if rest.starts_with("::") {
        (Some(Kind::Mark), 2)
    } else {
        (Some(Kind::Mark), first.len_utf8())
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word(rest: &str) -> usize {
    rest.find(|character| !is_word(character)).unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let Some(found) = rest[at..].find(['/', '*']).map(|found| at + found) else {
            return rest.len();
        };
        if rest[found..].starts_with("/*") {
            (depth, at) = (depth + 1, found + 2);
        } else if rest[found..].starts_with("*/") {
            (depth, at) = (depth - 1, found + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at = found + 1;
        }
    }
}

/// The length of the string that `rest` begins with, of whatever kind.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.find(|character: char| !['b', 'c', 'r'].contains(&character))?;
    let body = &rest[prefix..];
    if rest[..prefix].ends_with('r') {
        let hashes = body.find(|character| character != '#')?;
        let end = format!("\"{}", &body[..hashes]);
        let text = body[hashes..].strip_prefix('"')?;
        let length = text.find(&end).map_or(text.len(), |found| found + end.len());
        return Some(prefix + hashes + 1 + length);
    }
    if prefix > 1 || !body.starts_with('"') {
        return None;
    }
    let mut escaped = false;
    for (at, character) in body.char_indices().skip(1) {
        match character {
            '"' if !escaped => return Some(prefix + at + 1),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Some(rest.len())
}

/// The length of the character or the lifetime that `rest` begins with.
fn quote(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |found| from + found + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1 + word(&rest[1..]),
    }
}

#[test]
fn code_is_told_from_comments_and_text() {
    let source = r###"
        fn a<'x>(_: &'x str) /* not /* this */ one */ -> char { '"' } // nor "this"
        const B: &[&str] = &["\"}", r#"" {"#, br"\", 'é', '\'', b'{'];
        r#type::c
    "###;
    let words: Vec<_> = tokens(source).iter().filter(|t| t.kind == Kind::Word).map(|t| (t.text, t.line)).collect();
    let expected =
        [("fn", 2), ("a", 2), ("_", 2), ("str", 2), ("char", 2), ("const", 3), ("B", 3), ("str", 3), ("b", 3)];
    assert_eq!(words[..expected.len()], expected);
    assert_eq!(words[expected.len()..], [("r", 4), ("type", 4), ("c", 4)]);
}

#[test]
fn tests_are_left_out() {
    let source = "mod a; #[cfg(test)] mod tests { fn x() { y(); } } #[cfg(test)] mod b; #[cfg(not(test))] mod c;";
    let kept = tokens(source);
    let kept: Vec<_> = without_tests(&kept).iter().map(|token| token.text).collect();
    assert_eq!(kept.join(""), "moda;#[cfg(not(test))]modc;");
}
