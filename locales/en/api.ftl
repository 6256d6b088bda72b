# What the API says of what it was sent.

error-not-json = Send JSON here, with the header Content-Type: application/json. Nothing was changed.
error-broken-json = This is not valid JSON (line { $line }, column { $column }). Nothing was changed.
error-odd-json = This JSON cannot be read (line { $line }, column { $column }): is a field there twice? Nothing was changed.
error-unknown-field = There is no such field here. There are: { $known }.
error-no-fields = This call takes no fields.
error-one-of = One of: { $choices }.
error-wants-text = Expected a text.
error-wants-number = Expected a number.
error-wants-whole-number = Expected a whole number.
error-wants-boolean = Expected true or false.
error-wants-list = Expected a list.
error-wants-object = Expected an object.
error-range = From { $least } to { $most }.
error-least = At least { $least }.
error-most = At most { $most }.
error-idempotency-key = Expected 1 to { $limit } visible ASCII characters, once.
error-idempotency-reused = This Idempotency-Key came with another request within the last day. Use a new key for a new request. Nothing was changed.
error-api-not-found = There is no such thing here, or it is not one that this token may know of.
error-given-twice = Give it once.
error-wants-time = Write an instant such as 2026-11-22T10:00:00Z.
error-cursor = This is no cursor of this list.
error-unknown-parameter = There is no parameter { $name } here.
error-only-jobs = Only a job has this.
error-not-text = Send text here (Content-Type: text/plain), or JSON with a text. Nothing was changed.
error-body-broken = The connection broke before the whole file had come. Nothing was kept.
error-content-type = A content type looks like text/plain, and is at most 100 characters long.

docs-title = API
docs-lead = What programs can ask of Milepost, and what they are answered. For machines:
docs-scope = Scope
docs-parameters = Parameters
docs-body = Body (JSON)
docs-example = Example
docs-answers = Answers
docs-required = required
