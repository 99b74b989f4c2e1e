# PowerShell completion for docker-manifest. Load it in $PROFILE:
#   docker-manifest completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'docker-manifest' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words before the cursor. The last one is the word at the cursor, which may be empty.
    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition })
    $program = $commandAst.GetCommandName()
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object {
        $text = $_.Extent.Text
        $length = [Math]::Min($text.Length, $cursorPosition - $_.Extent.StartOffset)
        $text.Substring(0, $length).Trim('"', "'")
    })
    $isQuoted = $elements[-1].Extent.Text -match '^["'']'
    if ($elements[-1].Extent.EndOffset -lt $cursorPosition) {
        $words += ''
        $isQuoted = $false
    }
    if ($words.Count -eq 0) {
        return
    }
    $word = $words[-1]
    # Before version 7.3, PowerShell drops an empty argument of another program unless it is quoted.
    if ($PSVersionTable.PSVersion -lt [version]'7.3.0' -or $PSNativeCommandArgumentPassing -eq 'Legacy') {
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
    if ($word -match '^(--[^=]+=)') {
        $flag = $Matches[1]
    }
    if ($lines.Count -eq 1) {
        if ($directive -band 4) {
            # PowerShell completes files if there is no result. An empty one is no candidate, but prevents that.
            return ''
        }
        if ($flag -eq '') {
            return
        }
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($word.Substring($flag.Length)) |
            Where-Object { -not ($directive -band 16) -or $_.ResultType -eq 'ProviderContainer' } |
            ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($flag + $_.CompletionText, $_.ListItemText, $_.ResultType, $_.ToolTip)
            }
        return
    }
    # PowerShell ends a word at a comma, and replaces the part behind the last one.
    $kept = ''
    if (-not $isQuoted -and $word.Contains(',')) {
        $kept = $word.Substring(0, $word.LastIndexOf(',') + 1)
    }
    $space = if ($directive -band 2) { '' } else { ' ' }
    $mode = ''
    if (Get-Command Get-PSReadLineKeyHandler -ErrorAction SilentlyContinue) {
        $mode = (Get-PSReadLineKeyHandler | Where-Object { $_.Key -eq 'Tab' }).Function
    }
    # Only these modes leave the cursor behind the candidate.
    if ($mode -ne 'Complete' -and $mode -ne 'MenuComplete') {
        $space = ''
    }
    for ($index = 0; $index -lt $lines.Count - 1; $index++) {
        $candidate, $description = $lines[$index].Split("`t", 2)
        if (-not $description) {
            $description = $candidate
        }
        $text = $flag + $candidate
        if ($text.StartsWith($kept)) {
            $text = $text.Substring($kept.Length)
        }
        if ($text -match '[\s#@$;,''{}()"`|<>&]') {
            $text = "'" + $text.Replace("'", "''") + "'"
        }
        [System.Management.Automation.CompletionResult]::new($text + $space, $candidate, 'ParameterValue', $description)
    }
}
