//! HTML as trackers store it in descriptions, as plain text with its lines kept: Milepost's own texts are Markdown.

use std::collections::HashSet;

/// Whether a text is such HTML at all: older versions stored Markdown in the same place.
fn is_markup(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with('<')
        && ["<p", "<h", "<ul", "<ol", "<div", "<blockquote", "<pre", "<br"].iter().any(|tag| start.contains(tag))
}

/// What of it is to be read.
pub fn plain(text: &str) -> String {
    if !is_markup(text) {
        return text.to_owned();
    }
    let mut marked = text.to_owned();
    let ends = [
        "</p>",
        "</h1>",
        "</h2>",
        "</h3>",
        "</h4>",
        "</li>",
        "</div>",
        "</blockquote>",
        "</pre>",
        "<br>",
        "<br/>",
        "<br />",
    ];
    for end in ends {
        marked = marked.replace(end, &format!("{end}\n"));
    }
    marked = marked.replace("<li", "- <li").replace("- <li data-checked=\"true\"", "- [x] <li data-checked=\"true\"");
    marked = marked.replace("- <li data-checked=\"false\"", "- [ ] <li data-checked=\"false\"");
    let bare =
        ammonia::Builder::empty().clean_content_tags(HashSet::from(["script", "style"])).clean(&marked).to_string();
    // What is left of HTML are the signs that would begin some; the ampersand is last, for it begins the others.
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " "), ("&amp;", "&")];
    let text = signs.iter().fold(bare, |text, (sign, plain)| text.replace(sign, plain));
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_lists_are_kept_and_nothing_else_of_the_markup() {
        let html = "<p>Paint &lt;it&gt; &amp; <strong>dry</strong> it.</p><ul><li data-checked=\"true\" data-type=\"taskItem\"><p>north</p></li><li><p>south</p></li></ul><script>alert(1)</script>";
        assert_eq!(plain(html), "Paint <it> & dry it.\n- [x] north\n\n- south");
        assert_eq!(plain("*Markdown*, 1 < 2 & so on"), "*Markdown*, 1 < 2 & so on");
    }
}
