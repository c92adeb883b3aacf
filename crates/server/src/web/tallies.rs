//! How much of the trail there was, in the words of the contract: for the API and the command line.
//! Refuses to know where it is shown.

use domain::audit::{Category, Overview, Tally};
use serde_json::{Value, json};

/// The counts as JSON.
pub fn shape(counted: &Overview) -> Value {
    let category =
        |(it, counts): &(Category, Tally)| tally(json!({ "category": it.as_str() }), *counts);
    let action = |(action, counts): &(String, Tally)| {
        let category = Category::of(action).as_str();
        tally(json!({ "action": action, "category": category }), *counts)
    };
    let about = json!({
        "from": instant(counted.from),
        "to": instant(counted.until),
        "categories": counted.categories.iter().map(category).collect::<Vec<_>>(),
        "actions": counted.actions.iter().map(action).collect::<Vec<_>>(),
    });
    tally(about, counted.all)
}

/// The share that succeeded: "98.7 %", or nothing where nothing happened.
pub fn rate(tally: Tally) -> Option<String> {
    let of_a_thousand = tally.success_per_mille()?;
    let (whole, tenth) = (of_a_thousand / 10, of_a_thousand % 10);
    Some(if tenth == 0 { format!("{whole} %") } else { format!("{whole}.{tenth} %") })
}

/// What it is about, with how often it happened.
fn tally(mut about: Value, tally: Tally) -> Value {
    about["total"] = json!(tally.total());
    about["success"] = json!(tally.success);
    about["refused"] = json!(tally.refused);
    about["success_per_mille"] = json!(tally.success_per_mille());
    about
}

fn instant(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_in_tenths() {
        let told = |success, refused| rate(Tally { success, refused });
        assert_eq!(told(0, 0), None);
        assert_eq!(told(1, 0).as_deref(), Some("100 %"));
        assert_eq!(told(987, 13).as_deref(), Some("98.7 %"));
        assert_eq!(told(0, 9).as_deref(), Some("0 %"));
    }
}
