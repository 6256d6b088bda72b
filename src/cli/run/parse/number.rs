//! Numbers as programs print them: `1,234`, `45.6`, `1.5MiB`, `00:01:30.05`.

/// A whole number, with or without separators of thousands.
pub fn count(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | '.' | '\'' | '_' | ' ' | '\u{a0}')).collect();
    digits.parse().ok().filter(|count| *count >= 0)
}

/// A number with a fraction or without, in either notation.
pub fn decimal(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// `450K`, `1.2 MiB`, `3.4GB`: bytes. Programs that write `K` or `KiB` mean 1,024; `kB`, `MB` mean 1,000.
pub fn bytes(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    let (number, unit) = (decimal(&text[..end])?, text[end..].trim());
    let power = match unit.chars().next().map(|c| c.to_ascii_lowercase()) {
        None | Some('b') => 0,
        Some('k') => 1,
        Some('m') => 2,
        Some('g') => 3,
        Some('t') => 4,
        Some('p') => 5,
        Some(_) => return None,
    };
    let base: f64 = if unit.len() == 2 && unit.ends_with('B') { 1_000.0 } else { 1_024.0 };
    let bytes = number * base.powi(power);
    // Far below the limit of the type: nothing has so many bytes.
    (bytes < 1e18).then_some(bytes as i64)
}

/// `HH:MM:SS.ff` in seconds.
pub fn seconds(text: &str) -> Option<f64> {
    let mut parts = text.splitn(3, ':').map(|part| part.parse::<f64>().ok().filter(|part| *part >= 0.0));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some(hours * 3_600.0 + minutes * 60.0 + seconds)
}
