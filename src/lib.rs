pub mod error;
pub mod locale;
