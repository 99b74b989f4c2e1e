# PowerShell completion for docker-manifest. Load it in $PROFILE:
#   docker-manifest completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'docker-manifest' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words before the cursor. The last one is the word at the cursor, which may be empty.
    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition })
    $program = $elements[0].Extent.Text
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object {
        $text = $_.Extent.Text
        $length = [Math]::Min($text.Length, $cursorPosition - $_.Extent.StartOffset)
        $text.Substring(0, $length).Trim('"', "'")
    })
    if ($elements[-1].Extent.EndOffset -lt $cursorPosition) {
        $words += ''
    }
    # Before version 7.3, PowerShell drops an empty argument of another program unless it is quoted.
    if ($PSVersionTable.PSVersion -lt [version]'7.3' -or $PSNativeCommandArgumentPassing -eq 'Legacy') {
        $words = @($words | ForEach-Object { if ($_ -eq '') { '""' } else { $_ } })
    }

    $lines = @(& $program __complete @words 2>$null)
    if ($lines.Count -eq 0 -or $lines[-1] -notmatch '^:\d+$') {
        return
    }
    $directive = [int]$lines[-1].TrimStart(':')
    if ($directive -band 1) {
        return
    }
    # The candidates are for the value of --flag=value.
    $flag = ''
    if ($wordToComplete -match '^(--[^=]+=)') {
        $flag = $Matches[1]
    }
    $space = if ($directive -band 2) { '' } else { ' ' }
    $mode = (Get-PSReadLineKeyHandler -ErrorAction SilentlyContinue | Where-Object { $_.Key -eq 'Tab' }).Function
    # Only these modes leave the cursor behind the candidate.
    if ($mode -ne 'Complete' -and $mode -ne 'MenuComplete') {
        $space = ''
    }
    for ($index = 0; $index -lt $lines.Count - 1; $index++) {
        $word, $description = $lines[$index].Split("`t", 2)
        if (-not $description) {
            $description = $word
        }
        $text = $flag + $word
        if ($text -match '[\s#@$;,''{}()"`|<>&]') {
            $text = "'" + $text.Replace("'", "''") + "'"
        }
        [System.Management.Automation.CompletionResult]::new($text + $space, $word, 'ParameterValue', $description)
    }
}
