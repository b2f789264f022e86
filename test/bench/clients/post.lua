-- wrk -s post.lua URL -- BYTES: every request a POST with a body of so many bytes. wrk calls this before it builds the request.
function init(args)
  wrk.method = "POST"
  wrk.body = string.rep("x", tonumber(args[1]))
  wrk.headers["Content-Type"] = "application/octet-stream"
end
