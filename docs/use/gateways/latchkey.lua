-- Asks Latchkey about each request, and takes the answer as it is. HAProxy 2.6 or newer, built with Lua.
--
--   http-request lua.latchkey http://127.0.0.1:7070/gateway/check
--   http-request deny deny_status 503 unless { var(txn.latchkey_allowed) -m bool }
--
-- The second line is not optional: after an error in an action HAProxy goes on with the next rule.

-- Latchkey always sends all of them, so that what a client sent is always overwritten.
local VERDICT = {
  "x-auth-status", "x-auth-error", "x-auth-key-id", "x-auth-user-id",
  "x-auth-company-id", "x-auth-permissions", "x-auth-mode",
  "x-auth-replace-by",
}
local CREDENTIALS = { "x-api-key", "authorization" }
local SHOWN = {
  "content-type", "cache-control", "www-authenticate", "retry-after", "x-request-id",
  "ratelimit", "ratelimit-policy",
}
-- Of a key with limits only, for the answer to its client.
local LIMITS = { ["ratelimit"] = "txn.latchkey_limits", ["ratelimit-policy"] = "txn.latchkey_limit_policy" }
local REFUSALS = { [401] = true, [403] = true, [429] = true }
local TIMEOUT_MS = 2000

-- HAProxy counts the lines of a header from 0, and its own client wants them counted from 1.
local function lines_of(headers, name)
  local lines = {}
  local index = 0
  while headers[name] and headers[name][index] do
    lines[#lines + 1] = headers[name][index]
    index = index + 1
  end
  return #lines > 0 and lines or nil
end

local function ask(txn, url)
  local received = txn.http:req_get_headers()
  -- A variable of the configuration, for what stands in front and names no client: its address is not the client's.
  local client = txn:get_var("txn.latchkey_client") or txn.f:src()
  local headers = { ["x-forwarded-for"] = { client } }
  for _, name in ipairs(CREDENTIALS) do headers[name] = lines_of(received, name) end
  return core.httpclient():get({ url = url, headers = headers, timeout = TIMEOUT_MS })
end

local function refuse(txn, status, answer)
  local reply = txn:reply({ status = status })
  if answer then
    for _, name in ipairs(SHOWN) do
      for _, line in ipairs(lines_of(answer.headers, name) or {}) do reply:add_header(name, line) end
    end
    reply:set_body(answer.body or "")
  end
  txn:done(reply)
end

-- Whatever stands at the configured address may answer 200: only Latchkey says it in this header too.
local function allows(answer)
  local said = lines_of(answer.headers, "x-auth-status")
  return answer.status == 200 and said ~= nil and said[1] == "200"
end

-- HAProxy leaves a header out for which its buffer has no room, and says nothing: the application would not know who calls.
local function tell(txn, verdict)
  for name, value in pairs(verdict) do txn.http:req_set_header(name, value) end
  local told = txn.http:req_get_headers()
  for name, value in pairs(verdict) do
    if not told[name] or told[name][0] ~= value then return false end
  end
  return true
end

core.register_action("latchkey", { "http-req" }, function(txn, url)
  txn:set_var("txn.latchkey_allowed", false)
  local answer = ask(txn, url)
  if answer == nil or not allows(answer) then
    if answer and REFUSALS[answer.status] then refuse(txn, answer.status, answer) end
    -- Down, slow or broken: what cannot be checked is not let through.
    return refuse(txn, 503)
  end
  local verdict = {}
  for _, name in ipairs(VERDICT) do
    local lines = lines_of(answer.headers, name)
    verdict[name] = lines and lines[1] or "-"
  end
  if not tell(txn, verdict) then return refuse(txn, 431) end
  for name, variable in pairs(LIMITS) do
    local lines = lines_of(answer.headers, name)
    if lines then txn:set_var(variable, lines[1]) end
  end
  txn:set_var("txn.latchkey_allowed", true)
end, 1)
