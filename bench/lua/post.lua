-- One fixed request, or one for each line of TOKENS in turn.
-- By environment: METHOD, BODY, AUTH (a whole header), TYPE, COOKIE, TOKENS, FIELD.
wrk.method = os.getenv('METHOD') or 'POST'
wrk.body = os.getenv('BODY')
wrk.headers['Content-Type'] = os.getenv('TYPE') or 'application/x-www-form-urlencoded'
wrk.headers['Authorization'] = os.getenv('AUTH')
wrk.headers['Cookie'] = os.getenv('COOKIE')

local tokens, at = {}, 0

function init()
  local file = os.getenv('TOKENS')
  if not file then return end
  for line in io.lines(file) do tokens[#tokens + 1] = line end
  local before = (os.getenv('FIELD') or 'token') .. '='
  function request()
    at = at % #tokens + 1
    return wrk.format(nil, nil, nil, before .. tokens[at])
  end
end
