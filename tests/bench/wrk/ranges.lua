-- Asks for 64 KiB at random places of a file of 210 MB.
local path
local size = 64 * 1024

function init(arguments)
   path = arguments[1]
   last = tonumber(arguments[2]) - size
   math.randomseed(7)
end

function request()
   local from = math.random(0, last)
   return wrk.format("GET", path, { ["range"] = "bytes=" .. from .. "-" .. from + size - 1 })
end
