#compdef docker-manifest
# zsh completion for docker-manifest. Save it as `_docker-manifest` in a folder of $fpath, or load it in ~/.zshrc after compinit:
#   source <(docker-manifest completion zsh)

_docker-manifest() {
    local program=${(Q)words[1]} current=${(Q)PREFIX} line directive tab=$'\t'
    local -a lines candidates typed options
    # The words are as typed. Quotes are taken off, and nothing is expanded: a request for completions runs no other program.
    typed=("${(@Q)words[2,CURRENT-1]}")
    lines=("${(@f)$("${program/#\~\//$HOME/}" __complete "${typed[@]}" "$current" 2>/dev/null)}")
    directive=${lines[-1]#:}
    [[ $directive == <-> ]] || return 1
    lines=("${(@)lines[1,-2]}")
    (( directive & 1 )) && return 1
    # The candidates are for the value of --flag=value.
    [[ $current == --*=* ]] && compset -P '*='
    if (( directive & 16 )); then
        _path_files -/
        return
    fi
    if (( ${#lines} == 0 )); then
        (( directive & 4 )) && return 1
        _files
        return
    fi
    (( directive & 2 )) && options=(-S '')
    for line in "${lines[@]}"; do
        # A colon separates the description, so those in the candidate are escaped.
        if [[ $line == *$tab* ]]; then
            candidates+=("${${line%%$tab*}//:/\\:}:${line#*$tab}")
        else
            candidates+=("${line//:/\\:}")
        fi
    done
    _describe -t docker-manifest 'candidate' candidates "${options[@]}"
}

# The function runs only if zsh has loaded this file to complete.
if [[ $funcstack[1] == _docker-manifest ]]; then
    _docker-manifest "$@"
elif (( $+functions[compdef] )); then
    compdef _docker-manifest docker-manifest
fi
