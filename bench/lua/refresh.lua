-- Chains of refresh tokens: every answer puts its new token at the end of the queue, so that each
-- is used once and as many chains run as there are connections. One thread (-t1).
dofile((os.getenv('LUA') or '.') .. '/post.lua')

local queue, head, tail = {}, 1, 0
local before = os.getenv('BEFORE') or 'grant_type=refresh_token&scope=as_user%3Aread&refresh_token='

function init()
  for line in io.lines(os.getenv('TOKENS')) do
    tail = tail + 1
    queue[tail] = line
  end
end

function request()
  local token = queue[head]
  if token then
    queue[head] = nil
    head = head + 1
  end
  return wrk.format(nil, nil, nil, before .. (token or 'none-left'))
end

function response(_, _, body)
  local token = body:match('"refresh_token"%s*:%s*"([^"]+)"')
  if token then
    tail = tail + 1
    queue[tail] = token
  end
end
