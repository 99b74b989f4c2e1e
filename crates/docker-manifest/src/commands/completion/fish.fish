# fish completion for docker-manifest. Save it as ~/.config/fish/completions/docker-manifest.fish.

function __docker_manifest_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    # `current` is no word at all where nothing is typed.
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    test (count $lines) -gt 0; or return
    set -l directive (string replace ':' '' -- $lines[-1])
    string match -qr '^[0-9]+$' -- $directive; or return
    set -e lines[-1]
    test (math "$directive % 2") -eq 0; or return

    # The candidates are for the value of --flag=value.
    set -l flag (string match -r -- '^--[^=]*=' "$current")
    set -l value (string replace -r -- '^--[^=]*=' '' "$current")
    if test (math "floor($directive / 16) % 2") -eq 1
        set lines (__fish_complete_directories "$value" '')
    else if test (count $lines) -eq 0; and test (math "floor($directive / 4) % 2") -eq 0
        set lines (__fish_complete_path "$value")
    end
    for line in $lines
        printf '%s%s\n' "$flag" $line
    end
end

complete -c docker-manifest -e
complete -c docker-manifest -f -k -a '(__docker_manifest_complete)'
