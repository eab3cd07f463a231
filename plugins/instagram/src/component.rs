//! Macros that convert this crate's outcomes to the generated types of a component; nothing else.

/// Implements the exported interface `$interface` of a component with the module `$kind` of this crate.
#[macro_export]
macro_rules! export_kind {
    ($component:ty, $interface:ident, $kind:ident) => {
        impl $interface::Guest for $component {
            fn extract(
                query: $interface::Query,
                context: $interface::Context,
                memo: Vec<u8>,
                answers: Vec<$interface::Exchange>,
            ) -> $interface::Outcome {
                let outcome = $crate::$kind::extract(&query, &context, &memo, &answers);
                $interface::Outcome {
                    report: outcome.report,
                    step: match outcome.step {
                        $crate::Step::Fetch(fetch) => $interface::Step::Fetch(fetch),
                        $crate::Step::Done(record) => $interface::Step::Done(record),
                        $crate::Step::Refuse(refusal) => $interface::Step::Refuse(refusal),
                    },
                }
            }
        }
    };
}

/// Implements the exported interface `about` of a component.
#[macro_export]
macro_rules! export_about {
    ($component:ty, $name:literal, $settings:expr) => {
        impl about::Guest for $component {
            fn describe() -> about::Manifest {
                about::Manifest {
                    name: $name.to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    hosts: $crate::HOSTS.map(str::to_owned).to_vec(),
                    rounds: $crate::ROUNDS_MAX,
                    requests: $crate::REQUESTS_MAX,
                    uses_session: true,
                    settings: $settings.to_owned(),
                }
            }
        }
    };
}
