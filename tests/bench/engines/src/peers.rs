//! The other engines, each as its documents say that it is used fastest: loaded once, the action already parsed.

use crate::Case;
use serde_json::Value;

#[cfg(not(feature = "peers"))]
pub fn cases(_: usize, _: &'static [Value]) -> Vec<Case> {
    Vec::new()
}

#[cfg(feature = "peers")]
pub fn cases(count: usize, values: &'static [Value]) -> Vec<Case> {
    vec![rego(count, values), cedar(count, values), cel(count, values)]
}

#[cfg(feature = "peers")]
use engines::workload::{Rule, rules};
#[cfg(feature = "peers")]
use std::cell::RefCell;

#[cfg(feature = "peers")]
fn rego(count: usize, values: &'static [Value]) -> Case {
    let text: String = rules(count).iter().map(Rule::rego).collect();
    let mut engine = regorus::Engine::new();
    engine
        .add_policy("policy.rego".to_owned(), format!("package hp\nimport rego.v1\n{text}"))
        .expect("a policy");
    let inputs: Vec<regorus::Value> =
        values.iter().map(|value| regorus::Value::from_json_str(&value.to_string()).expect("JSON")).collect();
    let engine = RefCell::new(engine);
    Case {
        name: "regorus".to_owned(),
        count,
        run: Box::new(move || {
            let mut engine = engine.borrow_mut();
            inputs
                .iter()
                .map(|input| {
                    engine.set_input(input.clone());
                    engine
                        .eval_rule("data.hp.matched".to_owned())
                        .expect("a value")
                        .as_set()
                        .map_or(0, |set| set.len())
                })
                .sum()
        }),
    }
}

#[cfg(feature = "peers")]
fn cedar(count: usize, values: &'static [Value]) -> Case {
    use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request};
    let text: String = rules(count).iter().map(Rule::cedar).collect();
    let policies: PolicySet = text.parse().expect("policies");
    let uid = |text: &str| -> EntityUid { text.parse().expect("an entity") };
    let requests: Vec<Request> = values
        .iter()
        .map(|value| {
            // Cedar has no decimal fractions in JSON, and needs none of them here.
            let context = serde_json::json!({ "args": value["args"], "source": value["source"] });
            let context = Context::from_json_value(context, None).expect("a context");
            let action = uid(&format!("Action::{}", value["kind"]));
            Request::new(uid("User::\"app\""), action, uid("Thing::\"it\""), context, None)
                .expect("a request")
        })
        .collect();
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    Case {
        name: "cedar-policy".to_owned(),
        count,
        run: Box::new(move || {
            requests
                .iter()
                .map(|request| {
                    authorizer.is_authorized(request, &policies, &entities).diagnostics().reason().count()
                })
                .sum()
        }),
    }
}

#[cfg(feature = "peers")]
fn cel(count: usize, values: &'static [Value]) -> Case {
    use cel::{Context, Program};
    let programs: Vec<Program> = rules(count)
        .iter()
        .map(|rule| {
            let kinds = match rule.kinds.as_slice() {
                [] => String::new(),
                [kind] => format!("kind == '{kind}' && "),
                kinds => format!("kind in ['{}'] && ", kinds.join("', '")),
            };
            Program::compile(&format!("{kinds}({})", rule.cel())).expect("a program")
        })
        .collect();
    let contexts: Vec<Context<'static, 'static>> = values
        .iter()
        .map(|value| {
            let mut context = Context::default();
            for name in ["kind", "args", "source"] {
                context.add_variable(name, value[name].clone()).expect("a variable");
            }
            context
        })
        .collect();
    Case {
        name: "cel".to_owned(),
        count,
        run: Box::new(move || {
            let holds = |program: &Program, context: &Context<'_, '_>| {
                matches!(program.execute(context), Ok(cel::Value::Bool(true)))
            };
            contexts
                .iter()
                .map(|context| programs.iter().filter(|program| holds(program, context)).count())
                .sum()
        }),
    }
}
