//! An expression as text again: what was read, with constants computed and every operation in parentheses.

use super::ast::{Expr, MACROS, Macro, Node, Operator};
use super::functions::{FUNCTIONS, Form, Function};
use super::value::{Value, text_of_double};
use std::fmt::Write as _;

/// The text of an expression; the variables of comprehensions are called `v0`, `v1`, … from the outermost on.
pub(super) fn print(expr: &Expr) -> String {
    let mut printer = Printer { out: String::new(), locals: 0 };
    printer.expr(expr);
    printer.out
}

struct Printer {
    out: String,
    locals: usize,
}

impl Printer {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.node {
            Node::Literal(value) => self.value(value),
            Node::Variable(variable) => self.text(variable.as_str()),
            Node::Unknown => self.text("unknown"),
            Node::Local(slot) => self.text(&format!("v{slot}")),
            Node::Select(operand, name) => self.member(operand, name),
            Node::Index(operand, index) => {
                self.expr(operand);
                self.text("[");
                self.expr(index);
                self.text("]");
            }
            Node::Has(operand, name, _) => {
                self.text("has(");
                self.member(operand, name);
                self.text(")");
            }
            Node::Not(operand) => self.unary("!", operand),
            Node::Negate(operand) => self.unary("-", operand),
            Node::Binary(operator, left, right) => {
                self.text("(");
                self.expr(left);
                self.text(&format!(" {} ", symbol(*operator)));
                self.expr(right);
                self.text(")");
            }
            // Alone, a part still has to be a bool.
            Node::And(parts) if parts.len() == 1 => self.joined("(", parts, "", " && true)"),
            Node::Or(parts) if parts.len() == 1 => self.joined("(", parts, "", " || false)"),
            Node::And(parts) => self.joined("(", parts, " && ", ")"),
            Node::Or(parts) => self.joined("(", parts, " || ", ")"),
            Node::Conditional(condition, then, otherwise) => {
                self.text("(");
                self.expr(condition);
                self.text(" ? ");
                self.expr(then);
                self.text(" : ");
                self.expr(otherwise);
                self.text(")");
            }
            Node::List(elements) => self.joined("[", elements, ", ", "]"),
            Node::Map(entries) => {
                self.text("{");
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.text(if at > 0 { ", " } else { "" });
                    self.expr(key);
                    self.text(": ");
                    self.expr(value);
                }
                self.text("}");
            }
            Node::Call(function, arguments) => self.call(*function, arguments),
            Node::Matches(text, pattern) => {
                self.expr(text);
                self.text(".matches(");
                self.quoted(pattern.as_str());
                self.text(")");
            }
            Node::Comprehension(comprehension) => {
                self.expr(&comprehension.range);
                let name = |macro_: Macro| {
                    MACROS.iter().find(|(_, known)| *known == macro_).map_or("", |(name, _)| name)
                };
                self.text(&format!(".{}(v{}", name(comprehension.macro_), self.locals));
                self.locals = self.locals.saturating_add(1);
                for part in [&comprehension.predicate, &comprehension.transform].into_iter().flatten() {
                    self.text(", ");
                    self.expr(part);
                }
                self.locals = self.locals.saturating_sub(1);
                self.text(")");
            }
        }
    }

    fn unary(&mut self, operator: &str, operand: &Expr) {
        self.text("(");
        self.text(operator);
        self.text("(");
        self.expr(operand);
        self.text("))");
    }

    fn joined(&mut self, open: &str, parts: &[Expr], between: &str, close: &str) {
        self.text(open);
        for (at, part) in parts.iter().enumerate() {
            self.text(if at > 0 { between } else { "" });
            self.expr(part);
        }
        self.text(close);
    }

    fn member(&mut self, operand: &Expr, name: &str) {
        self.expr(operand);
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // Behind a number, digits would be its fraction.
        let plain = is_name && !name.starts_with(|first: char| first.is_ascii_digit());
        self.text(&if plain { format!(".{name}") } else { format!(".`{name}`") });
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) {
        let Some(signature) = FUNCTIONS.iter().find(|signature| signature.function == function) else {
            return;
        };
        match arguments.split_first() {
            Some((first, rest)) if signature.form == Form::Method => {
                self.expr(first);
                self.joined(&format!(".{}(", signature.name), rest, ", ", ")");
            }
            _ => self.joined(&format!("{}(", signature.name), arguments, ", ", ")"),
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text("'");
        for character in text.chars() {
            match character {
                '\'' | '\\' => self.out.extend(['\\', character]),
                control if control.is_control() => {
                    let _ = write!(self.out, "\\U{:08x}", u32::from(control));
                }
                other => self.out.push(other),
            }
        }
        self.text("'");
    }

    fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.text("null"),
            Value::Bool(value) => self.text(&value.to_string()),
            Value::Int(int) if *int < 0 => self.text(&format!("({int})")),
            Value::Int(int) => self.text(&int.to_string()),
            Value::Uint(uint) => self.text(&format!("{uint}u")),
            Value::Double(double) => self.text(&format!("double('{}')", text_of_double(*double))),
            Value::String(text) => self.quoted(text),
            Value::Bytes(bytes) => {
                self.text("b'");
                for byte in bytes.iter() {
                    let _ = write!(self.out, "\\x{byte:02x}");
                }
                self.text("'");
            }
            Value::Timestamp(at) => self.text(&format!("timestamp('{at}')")),
            Value::Duration(duration) => self.text(&format!("duration('{duration}')")),
            Value::Type(named) => self.text(named.name()),
            Value::List(list) => {
                self.text("[");
                for (at, element) in list.iter().enumerate() {
                    self.text(if at > 0 { ", " } else { "" });
                    self.value(&element);
                }
                self.text("]");
            }
            Value::Map(map) => {
                self.text("{");
                for (at, key) in map.keys().iter().enumerate() {
                    self.text(if at > 0 { ", " } else { "" });
                    self.value(key);
                    self.text(": ");
                    self.value(&map.get(key).unwrap_or(Value::Null));
                }
                self.text("}");
            }
        }
    }
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterEqual => ">=",
        Operator::In => "in",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Remainder => "%",
    }
}
