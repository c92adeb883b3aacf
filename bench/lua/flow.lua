-- The code flow of a person who is signed in and has consented: authorize gives a code, the code
-- is exchanged for access, refresh and ID token. Two requests a flow; codes wait in a queue.
dofile((os.getenv('LUA') or '.') .. '/post.lua')

local authorize, exchange = os.getenv('AUTHORIZE'), os.getenv('EXCHANGE')
local auth, cookie = os.getenv('AUTH'), os.getenv('COOKIE')
local codes, head, tail, flows = {}, 1, 0, 0

function init() wrk.headers['Authorization'], wrk.headers['Cookie'] = nil, nil end

function request()
  local code = codes[head]
  if not code then
    return wrk.format('GET', authorize, { Cookie = cookie }, '')
  end
  codes[head] = nil
  head = head + 1
  local headers = { Authorization = auth, ['Content-Type'] = 'application/x-www-form-urlencoded' }
  return wrk.format('POST', '/oauth2/token', headers, exchange .. code)
end

function response(status, headers)
  local location = headers['location'] or headers['Location']
  local code = location and location:match('[?&]code=([^&]+)')
  if code then
    tail = tail + 1
    codes[tail] = code
  end
end
