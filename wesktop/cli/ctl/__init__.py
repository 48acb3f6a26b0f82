"""The verbs of `wesktop ctl`, which inspect and control running apps.

`group` names them; `reports`, `top_meters` and `since` are without I/O. May import `output`, `render` and `lazy`.
`status` takes about 50 ms, most of it imports: each verb imports its modules when it is called.
"""
