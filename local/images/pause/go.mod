module roost/pause

go 1.21
