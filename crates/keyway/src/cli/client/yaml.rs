//! Settings laid over plain YAML, line by line: what is not touched stays as it was written. Whatever is
//! written in another way than one setting to a line is left to its owner.

/// Lays `name: value` lines over those of a file of such lines.
///
/// # Errors
/// When the file is written otherwise.
pub fn settings(before: &str, over: &str) -> Result<String, String> {
    if first(before).is_some_and(|line| line.starts_with(['-', '{', '[', ' ', '\t'])) {
        return Err("is not written as one setting to a line".to_owned());
    }
    let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
    lay(&mut lines, over, "")?;
    Ok(joined(&lines))
}

/// Lays one entry over a list of them: over the one with the same first setting, else behind the last one.
///
/// # Errors
/// When the file is written otherwise.
pub fn entry(before: &str, over: &str) -> Result<String, String> {
    if first(before).is_some_and(|line| !line.starts_with("- ")) {
        return Err("is not written as a list with `- ` at the beginning of lines".to_owned());
    }
    let name = over.lines().next().unwrap_or_default();
    let lines: Vec<String> = before.lines().map(str::to_owned).collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|at| starts_with(&lines, *at, "- ")).collect();
    let block = |at: usize| {
        let end = starts.iter().copied().find(|next| *next > at).unwrap_or(lines.len());
        (at, end)
    };
    let is_same = |(from, end): &(usize, usize)| {
        lines.get(*from..*end).unwrap_or_default().iter().any(|line| same(inner(line), name))
    };
    let found = starts.iter().map(|at| block(*at)).find(is_same);
    let (from, end) = found.unwrap_or((lines.len(), lines.len()));
    let mut own: Vec<String> = lines.get(from..end).unwrap_or_default().to_vec();
    if let Some(first) = own.first_mut() {
        first.replace_range(..2, "  ");
    }
    lay(&mut own, over, "  ")?;
    if let Some(first) = own.first_mut() {
        first.replace_range(..2, "- ");
    }
    let mut all = lines.get(..from).unwrap_or_default().to_vec();
    all.extend(own);
    all.extend(lines.get(end..).unwrap_or_default().iter().cloned());
    Ok(joined(&all))
}

/// Lays settings over lines with so much before each.
fn lay(lines: &mut Vec<String>, over: &str, indent: &str) -> Result<(), String> {
    for setting in over.lines() {
        let name = name_of(setting);
        let is_it = |line: &String| {
            line.strip_prefix(indent)
                .is_some_and(|rest| !rest.starts_with([' ', '#']) && name_of(rest) == name)
        };
        let written = format!("{indent}{setting}");
        let Some(at) = lines.iter().position(is_it) else {
            let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
            lines.insert(end, written);
            continue;
        };
        let goes_on = format!("{indent} ");
        if starts_with(lines, at + 1, &goes_on) || starts_with(lines, at + 1, &format!("{indent}- ")) {
            return Err(format!("has more than one line of `{name}`"));
        }
        if let Some(line) = lines.get_mut(at) {
            *line = written;
        }
    }
    Ok(())
}

/// The first line that says something.
fn first(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && line != "---"
    })
}

fn starts_with(lines: &[String], at: usize, with: &str) -> bool {
    lines.get(at).is_some_and(|line| line.starts_with(with))
}

fn name_of(setting: &str) -> &str {
    setting.split(':').next().unwrap_or_default().trim_end()
}

/// What stands behind `- ` or the space in its place.
fn inner(line: &str) -> &str {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("  ")).unwrap_or(line)
}

/// Whether two lines set the same to the same, quoted or not.
fn same(one: &str, other: &str) -> bool {
    let bare = |line: &str| line.replace(['"', '\'', ' '], "");
    bare(one) == bare(other)
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_in_their_place() {
        let over = "model: \"openai/m\"\nopenai-api-base: \"http://k/v1\"";
        assert_eq!(settings("", over).unwrap(), format!("{over}\n"));
        let before = "# mine\ndark-mode: true\nmodel: gpt-5 # old\n#model: x\nread:\n  - A.md\n\n";
        let after = settings(before, over).unwrap();
        assert_eq!(
            after,
            "# mine\ndark-mode: true\nmodel: \"openai/m\"\n#model: x\nread:\n  - A.md\n\
             openai-api-base: \"http://k/v1\"\n\n"
        );
        assert_eq!(settings(&after, over).unwrap(), after, "once more changes nothing");
        for other in ["{model: x}\n", "- a\n", "model:\n  x\n", "  model: x\n", "model:\n- a\n"] {
            assert!(settings(other, over).is_err(), "{other}");
        }
    }

    #[test]
    fn an_entry_is_laid_over_its_own() {
        let over = "model_id: keyway\nmodel_name: \"m\"";
        assert_eq!(entry("", over).unwrap(), "- model_id: keyway\n  model_name: \"m\"\n");
        let before = "# mine\n- model_id: other\n  model_name: o\n\n- model_name: \"old\"\n  vision: true\n  \
                      model_id: 'keyway'\n- model_id: last\n  model_name: l\n";
        let after = entry(before, over).unwrap();
        assert_eq!(
            after,
            "# mine\n- model_id: other\n  model_name: o\n\n- model_name: \"m\"\n  vision: true\n  \
             model_id: keyway\n- model_id: last\n  model_name: l\n"
        );
        assert_eq!(entry(&after, over).unwrap(), after);
        let behind = entry("- model_id: other\n  model_name: o\n", over).unwrap();
        assert!(behind.ends_with("  model_name: o\n- model_id: keyway\n  model_name: \"m\"\n"), "{behind}");
        for other in ["a: b\n", "[]\n", " - model_id: keyway\n", "-\n  model_id: keyway\n"] {
            assert!(entry(other, over).is_err(), "{other}");
        }
    }
}
