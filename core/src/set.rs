//! The macro that makes effect sets.

/// Makes an effect set: the enum of all effects that an application's handlers may ask for.
///
/// A set is its base (any set: mostly [`Standard`](crate::Standard)) and effects of its own. For `Shop` below the macro also makes
/// `ShopOutcome`, the enum of the answers, and implements [`EffectSet`](crate::EffectSet), [`Has`](crate::Has) for every effect, the base's
/// included, and [`PerformedBy`](crate::PerformedBy) for every backend that performs them all.
///
/// ```
/// # use segno_core::{Effect, Replay, Stopped};
/// # #[derive(Clone, Debug, PartialEq)]
/// # pub struct Charge { cents: u64 }
/// # impl Effect for Charge {
/// #     type Output = bool;
/// #     type Error = Stopped;
/// #     const NAME: &'static str = "charge";
/// #     fn replay(&self) -> Replay { Replay::Once }
/// # }
/// segno_core::effects! {
///     /// All that this shop's handlers may ask for.
///     pub enum Shop (ShopOutcome): Standard + { Charge }
/// }
/// use segno_core::Standard;
///
/// // Once per application: user code never shows the parameter.
/// type Io = segno_core::Io<Shop>;
///
/// async fn pay(io: &mut Io) -> segno_core::Result<bool> {
///     Ok(io.perform(Charge { cents: 1999 }).await?)
/// }
/// ```
///
/// With `#[serde]` in front, and the feature `serde`, the set and its outcomes are written as
/// `{"effect": "charge", "value": …}`: by the effect's [`NAME`](crate::Effect::NAME), however deep its set is nested, so that moving an effect to
/// another set changes nothing. Every effect, output and error of the set then implements serde's traits.
#[macro_export]
macro_rules! effects {
    (#[serde] $($rest:tt)*) => {
        $crate::effects! { $($rest)* }
        $crate::__effects_serde! { $($rest)* }
    };
    ($(#[$meta:meta])* $vis:vis enum $set:ident ($outcome:ident): $base:ident + { $($effect:ident),* $(,)? }) => {
        $crate::effects! { @set [$(#[$meta])*] [$vis] $set $outcome [$base] $($effect)* }

        impl<E: $crate::Effect> $crate::Has<E> for $set
        where
            $base: $crate::Has<E>,
        {
            fn inject(effect: E) -> Self {
                Self::$base(<$base as $crate::Has<E>>::inject(effect))
            }
            fn project(&self) -> ::core::option::Option<&E> {
                match self {
                    Self::$base(base) => <$base as $crate::Has<E>>::project(base),
                    $(Self::$effect(_) => ::core::option::Option::None,)*
                }
            }
            fn wrap(answer: $crate::Answer<E>) -> $outcome {
                $outcome::$base(<$base as $crate::Has<E>>::wrap(answer))
            }
            fn answer(outcome: &$outcome) -> ::core::option::Option<&$crate::Answer<E>> {
                match outcome {
                    $outcome::$base(base) => <$base as $crate::Has<E>>::answer(base),
                    $($outcome::$effect(_) => ::core::option::Option::None,)*
                }
            }
            fn unwrap(outcome: $outcome) -> ::core::result::Result<$crate::Answer<E>, $outcome> {
                match outcome {
                    $outcome::$base(base) => <$base as $crate::Has<E>>::unwrap(base).map_err($outcome::$base),
                    $(outcome @ $outcome::$effect(_) => ::core::result::Result::Err(outcome),)*
                }
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis enum $set:ident ($outcome:ident): { $($effect:ident),* $(,)? }) => {
        $crate::effects! { @set [$(#[$meta])*] [$vis] $set $outcome [] $($effect)* }
    };
    (@set [$(#[$meta:meta])*] [$vis:vis] $set:ident $outcome:ident [$($base:ident)?] $($effect:ident)*) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $set {
            $(
                #[doc = concat!("An effect of [`", stringify!($base), "`].")]
                $base($base),
            )?
            $(
                #[doc = concat!("The effect [`", stringify!($effect), "`].")]
                $effect($effect),
            )*
        }

        #[doc = concat!("The answers to the effects of [`", stringify!($set), "`].")]
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $outcome {
            $(
                #[doc = concat!("The answer to an effect of [`", stringify!($base), "`].")]
                $base(<$base as $crate::EffectSet>::Outcome),
            )?
            $(
                #[doc = concat!("The answer to [`", stringify!($effect), "`].")]
                $effect($crate::Answer<$effect>),
            )*
        }

        impl $crate::EffectSet for $set {
            type Outcome = $outcome;

            fn names(visit: &mut dyn ::core::ops::FnMut(&'static str)) {
                $(<$base as $crate::EffectSet>::names(visit);)?
                $(visit(<$effect as $crate::Effect>::NAME);)*
            }
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$base(base) => $crate::EffectSet::name(base),)?
                    $(Self::$effect(_) => <$effect as $crate::Effect>::NAME,)*
                }
            }
            fn replay(&self) -> $crate::Replay {
                match self {
                    $(Self::$base(base) => $crate::EffectSet::replay(base),)?
                    $(Self::$effect(effect) => $crate::Effect::replay(effect),)*
                }
            }
            fn holds(&self) -> bool {
                match self {
                    $(Self::$base(base) => $crate::EffectSet::holds(base),)?
                    $(Self::$effect(effect) => $crate::Effect::holds(effect),)*
                }
            }
            fn error(outcome: &$outcome) -> ::core::option::Option<&dyn $crate::Failure> {
                match outcome {
                    $($outcome::$base(base) => <$base as $crate::EffectSet>::error(base),)?
                    $($outcome::$effect(answer) => match answer {
                        ::core::result::Result::Ok(_) => ::core::option::Option::None,
                        ::core::result::Result::Err(error) => ::core::option::Option::Some(error),
                    },)*
                }
            }
            fn faults(&self, visit: &mut dyn ::core::ops::FnMut($crate::Fault)) {
                match self {
                    $(Self::$base(base) => $crate::EffectSet::faults(base, visit),)?
                    $(Self::$effect(effect) => $crate::Menu::list(effect, visit),)*
                }
            }
            fn fail(&self, number: usize) -> ::core::option::Option<$outcome> {
                match self {
                    $(Self::$base(base) => $crate::EffectSet::fail(base, number).map($outcome::$base),)?
                    $(Self::$effect(effect) => $crate::Menu::make(effect, number).map($outcome::$effect),)*
                }
            }
        }

        impl<B: Sync $(+ $crate::Perform<$effect>)*> $crate::PerformedBy<B> for $set
        where
            $($base: $crate::PerformedBy<B>,)?
        {
            async fn perform_on(self, backend: &B) -> $outcome {
                match self {
                    $(Self::$base(base) => $outcome::$base($crate::PerformedBy::perform_on(base, backend).await),)?
                    $(Self::$effect(effect) => $outcome::$effect($crate::Perform::perform(backend, effect).await),)*
                }
            }
        }

        $crate::effects! { @each $set $outcome [$($effect)*] }
    };
    (@each $set:ident $outcome:ident [$($effect:ident)*]) => {
        $(
            impl $crate::Has<$effect> for $set {
                fn inject(effect: $effect) -> Self {
                    Self::$effect(effect)
                }
                fn project(&self) -> ::core::option::Option<&$effect> {
                    if let Self::$effect(effect) = self { ::core::option::Option::Some(effect) } else { ::core::option::Option::None }
                }
                fn wrap(answer: $crate::Answer<$effect>) -> $outcome {
                    $outcome::$effect(answer)
                }
                fn answer(outcome: &$outcome) -> ::core::option::Option<&$crate::Answer<$effect>> {
                    if let $outcome::$effect(answer) = outcome { ::core::option::Option::Some(answer) } else { ::core::option::Option::None }
                }
                fn unwrap(outcome: $outcome) -> ::core::result::Result<$crate::Answer<$effect>, $outcome> {
                    if let $outcome::$effect(answer) = outcome { ::core::result::Result::Ok(answer) } else { ::core::result::Result::Err(outcome) }
                }
            }
        )*
    };
}

/// The serde half of [`effects!`](crate::effects), present with the feature `serde`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __effects_serde {
    ($(#[$meta:meta])* $vis:vis enum $set:ident ($outcome:ident): $base:ident + { $($effect:ident),* $(,)? }) => {
        $crate::__effects_serde! { @impl $set $set [$base $base] $($effect $effect)* }
        $crate::__effects_serde! { @impl $outcome $set [$base (<$base as $crate::EffectSet>::Outcome)] $($effect ($crate::Answer<$effect>))* }
    };
    ($(#[$meta:meta])* $vis:vis enum $set:ident ($outcome:ident): { $($effect:ident),* $(,)? }) => {
        $crate::__effects_serde! { @impl $set $set [] $($effect $effect)* }
        $crate::__effects_serde! { @impl $outcome $set [] $($effect ($crate::Answer<$effect>))* }
    };
    (@impl $enum:ident $set:ident [$($base:ident $inner:tt)?] $($effect:ident $value:tt)*) => {
        impl $crate::serial::Tagged for $enum {
            fn tag(&self) -> &'static str {
                match self {
                    $(Self::$base(base) => $crate::serial::Tagged::tag(base),)?
                    $(Self::$effect(_) => <$effect as $crate::Effect>::NAME,)*
                }
            }
            fn knows(tag: &str) -> bool {
                $(tag == <$effect as $crate::Effect>::NAME)||* $(|| $crate::__effects_serde!(@type $inner [$base] knows)(tag))?
            }
            fn serialize_value<Z: $crate::serial::Serializer>(&self, serializer: Z) -> ::core::result::Result<Z::Ok, Z::Error> {
                match self {
                    $(Self::$base(base) => $crate::serial::Tagged::serialize_value(base, serializer),)?
                    $(Self::$effect(value) => $crate::serial::Serialize::serialize(value, serializer),)*
                }
            }
            fn deserialize_value<'de, Z: $crate::serial::Deserializer<'de>>(tag: &str, deserializer: Z) -> ::core::result::Result<Self, Z::Error> {
                $(if tag == <$effect as $crate::Effect>::NAME {
                    return $crate::serial::Deserialize::deserialize(deserializer).map(Self::$effect);
                })*
                $(if $crate::__effects_serde!(@type $inner [$base] knows)(tag) {
                    return $crate::serial::Tagged::deserialize_value(tag, deserializer).map(Self::$base);
                })?
                ::core::result::Result::Err($crate::serial::unknown(tag, stringify!($set)))
            }
        }
        impl $crate::serial::Serialize for $enum {
            fn serialize<Z: $crate::serial::Serializer>(&self, serializer: Z) -> ::core::result::Result<Z::Ok, Z::Error> {
                $crate::serial::serialize(self, serializer)
            }
        }
        impl<'de> $crate::serial::Deserialize<'de> for $enum {
            fn deserialize<Z: $crate::serial::Deserializer<'de>>(deserializer: Z) -> ::core::result::Result<Self, Z::Error> {
                $crate::serial::deserialize(deserializer)
            }
        }
    };
    (@type ($inner:ty) [$base:ident] $function:ident) => { <$inner as $crate::serial::Tagged>::$function };
    (@type $inner:ident [$base:ident] $function:ident) => { <$inner as $crate::serial::Tagged>::$function };
}
