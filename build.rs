//! Gathers what the browser gets into OUT_DIR/assets, which the binary embeds: the style sheets joined in the order of
//! their layers, the script modules as they are, the icons, and htmx with its licence, brought by npm at the version that
//! assets/package-lock.json pins. Without npm the build still succeeds; the pages then work as plain forms.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The order matters: the first file declares the cascade layers.
const STYLES: [&str; 3] = ["tokens.css", "reset.css", "base.css"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=assets/css");
    println!("cargo:rerun-if-changed=assets/js");
    println!("cargo:rerun-if-changed=assets/icons.svg");
    println!("cargo:rerun-if-changed=assets/favicon.svg");
    println!("cargo:rerun-if-changed=assets/arrow.svg");
    println!("cargo:rerun-if-changed=assets/package.json");
    println!("cargo:rerun-if-changed=assets/package-lock.json");
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-changed=migrations");
    if let Err(error) = gather() {
        println!("cargo:warning=The assets could not be gathered: {error}");
        std::process::exit(1);
    }
}

fn gather() -> io::Result<()> {
    let source = PathBuf::from("assets");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let target = out.join("assets");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(target.join("js"))?;
    fs::write(target.join("app.css"), joined_styles(&source.join("css"))?)?;
    for file in sorted_files(&source.join("js"))? {
        fs::copy(&file, target.join("js").join(file.file_name().expect("a listed file has a name")))?;
    }
    for name in ["icons.svg", "favicon.svg", "arrow.svg"] {
        fs::copy(source.join(name), target.join(name))?;
    }
    bring_htmx(&source, &out, &target)
}

fn joined_styles(folder: &Path) -> io::Result<String> {
    let mut all = String::new();
    let mut files: Vec<PathBuf> = STYLES.iter().map(|name| folder.join(name)).collect();
    files.extend(sorted_files(&folder.join("components"))?);
    files.push(folder.join("utilities.css"));
    for file in files {
        all.push_str(&fs::read_to_string(&file)?);
        all.push('\n');
    }
    Ok(all)
}

fn sorted_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// Copies htmx and its licence beside the other assets, as empty files when it cannot be had: the layout leaves the script
/// tag out then.
fn bring_htmx(source: &Path, out: &Path, target: &Path) -> io::Result<()> {
    let package = match installed_htmx(source, out) {
        Ok(package) => Some(package),
        Err(why) => {
            println!(
                "cargo:warning=htmx was not brought ({why}): the pages will work as plain forms. Install npm and build again for the smooth ones."
            );
            // Asked again at the next build, when npm may be there.
            println!("cargo:rerun-if-changed=assets/never");
            None
        }
    };
    for (from, to) in [("dist/htmx.min.js", "htmx.min.js"), ("LICENSE", "htmx-licence.txt")] {
        match &package {
            Some(package) => drop(fs::copy(package.join(from), target.join(to))?),
            None => fs::write(target.join(to), "")?,
        }
    }
    Ok(())
}

/// The folder of the installed package. npm runs in OUT_DIR, so that a build never writes into the source.
fn installed_htmx(source: &Path, out: &Path) -> Result<PathBuf, String> {
    let folder = out.join("npm");
    let package = folder.join("node_modules/htmx.org");
    let lock = fs::read(source.join("package-lock.json")).map_err(|error| error.to_string())?;
    let is_current = fs::read(folder.join("package-lock.json")).is_ok_and(|present| present == lock);
    if is_current && package.join("dist/htmx.min.js").is_file() {
        return Ok(package);
    }
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), folder.join(name)).map_err(|error| error.to_string())?;
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm could not be started: {error}"))?;
    if output.status.success() && package.join("dist/htmx.min.js").is_file() {
        return Ok(package);
    }
    // The copied lock would make the next build believe that all is there.
    let _ = fs::remove_file(folder.join("package-lock.json"));
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("npm ci failed");
    Err(first.to_owned())
}
