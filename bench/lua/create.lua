-- Objects with a number in their name: BODY holds %d where the number goes.
dofile((os.getenv('LUA') or '.') .. '/post.lua')

local body, at = os.getenv('BODY'), tonumber(os.getenv('FIRST') or '0')

function request()
  at = at + 1
  return wrk.format(nil, nil, nil, (body:gsub('%%d', tostring(at))))
end
