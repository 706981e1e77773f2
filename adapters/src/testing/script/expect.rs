//! What is said about an effect: all of it, parts of it, or a question.

use std::fmt;

use segno_core::Effect;

use crate::testing::difference::{both, difference, short};

/// An expected effect: exactly this one, or one that some things hold for.
///
/// Any effect turns into one that expects exactly this value. [`any`], [`field`] and [`effect`] say less, [`and`](Self::and)
/// says more, and the functions of this module say it for the standard effects.
///
/// ```
/// use segno::{Sql, testing::{Expect, any, effect, field, sql_like}};
///
/// let any_statement: Expect<Sql> = any();
/// let insert = sql_like("insert into hold %").and(effect(|sql: &Sql| sql.transaction.is_some()));
/// let of_seven = field("params", |sql: &Sql| &sql.params, [7].into());
/// ```
pub struct Expect<E> {
    head: String,
    parts: Vec<String>,
    checks: Vec<Check<E>>,
}

/// Says what is wrong with an effect.
pub(super) type Check<E> = Box<dyn Fn(&E) -> Result<(), String> + Send>;

impl<E> Expect<E> {
    /// Expects what `check` lets through. It says what is wrong with what it does not.
    pub fn new(description: impl Into<String>, check: impl Fn(&E) -> Result<(), String> + Send + 'static) -> Self {
        Self { head: description.into(), parts: Vec::new(), checks: vec![Box::new(check)] }
    }

    pub(super) fn check(&self, effect: &E) -> Result<(), String> {
        let wrong: Vec<_> = self.checks.iter().filter_map(|check| check(effect).err()).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    pub(super) fn description(&self) -> String {
        if self.parts.is_empty() {
            return self.head.clone();
        }
        format!("{} {{ {} }}", self.head, self.parts.join(", "))
    }

    /// Expects that a part which the effect may lack holds this text.
    pub(super) fn containing(mut self, part: &str, text: &str, of: impl Fn(&E) -> String + Send + 'static) -> Self {
        let (part, text) = (part.to_owned(), text.to_owned());
        self.parts.push(format!("{part} containing {text:?}"));
        self.checks.push(Box::new(move |effect| {
            let found = of(effect);
            if found.contains(&text) {
                return Ok(());
            }
            Err(both(&part, &format!("text containing {text:?}"), &format!("{found:?}")))
        }));
        self
    }
}

impl<E: Effect> Expect<E> {
    /// Expects what the other one says as well.
    ///
    /// ```
    /// use segno::testing::{effect, http_post};
    ///
    /// let charge = http_post("http://bank.internal/charge")
    ///     .and(effect(|send: &segno::HttpSend| send.0.time_limit.is_some()));
    /// ```
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        if other.head != E::NAME {
            self.parts.push(other.head);
        }
        self.parts.extend(other.parts);
        self.checks.extend(other.checks);
        self
    }
}

impl<E> fmt::Debug for Expect<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expect").field(&self.description()).finish()
    }
}

/// Exactly this effect.
impl<E: Effect> From<E> for Expect<E> {
    fn from(expected: E) -> Self {
        Self::new(
            short(&expected),
            move |asked| {
                if *asked == expected { Ok(()) } else { Err(difference(&expected, asked)) }
            },
        )
    }
}

/// Any effect of this type: `any::<Sql>()`, or one of your own.
pub fn any<E: Effect>() -> Expect<E> {
    Expect { head: format!("any {}", E::NAME), parts: Vec::new(), checks: Vec::new() }
}

/// An effect with this field, whatever the others are. The difference of the field is shown.
///
/// ```
/// use std::time::Duration;
/// use segno::{ChatSend, Sleep, testing::field};
///
/// let to_readers = field("room", |send: &ChatSend| &send.room, "readers".into());
/// let of_a_second = field("time", |sleep: &Sleep| &sleep.0, Duration::from_secs(1));
/// ```
pub fn field<E: Effect, P: PartialEq + fmt::Debug + Send + 'static>(
    name: &str,
    of: impl Fn(&E) -> &P + Send + 'static,
    expected: P,
) -> Expect<E> {
    let (name, part) = (name.to_owned(), format!("{name}: {}", short(&expected)));
    let check = move |effect: &E| {
        let asked = of(effect);
        if *asked == expected {
            return Ok(());
        }
        Err(difference(&Field { name: &name, value: &expected }, &Field { name: &name, value: asked }))
    };
    Expect { head: E::NAME.into(), parts: vec![part], checks: vec![Box::new(check)] }
}

/// Any effect of type `E` for which the answer is yes: of your own, or a standard one.
///
/// ```
/// use segno::{HttpSend, testing::effect};
///
/// let any_charge = effect(|send: &HttpSend| send.0.url.ends_with("/charge"));
/// ```
pub fn effect<E: Effect>(question: impl Fn(&E) -> bool + Send + 'static) -> Expect<E> {
    Expect::new(format!("any {} that the test's question lets through", E::NAME), move |asked| {
        if question(asked) { Ok(()) } else { Err(format!("the question's answer is no for {}", short(asked))) }
    })
}

/// A value that shows itself under the name of its field.
struct Field<'a, P> {
    name: &'a str,
    value: &'a P,
}

impl<P: fmt::Debug> fmt::Debug for Field<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("").field(self.name, self.value).finish()
    }
}
