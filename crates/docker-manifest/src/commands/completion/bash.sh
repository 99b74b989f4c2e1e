# bash completion for docker-manifest. Load it in ~/.bashrc:
#   source <(docker-manifest completion bash)

# Sets `words` to the words up to the cursor. Bash splits words at ':' and '=', so those without a space between them are joined again.
__docker_manifest_words() {
    local line=${COMP_LINE:0:COMP_POINT} index word spaces
    words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        spaces=${line%%[![:space:]]*}
        line=${line#"$spaces"}
        word=${COMP_WORDS[index]}
        if ((index == COMP_CWORD)); then
            word=$line
        fi
        line=${line#"$word"}
        if ((index == 0)) || [[ -n $spaces ]]; then
            words+=("$word")
        else
            words[${#words[@]}-1]+=$word
        fi
    done
}

__docker_manifest_complete() {
    local words current program lines line count directive tab=$'\t' longest=0 index
    __docker_manifest_words
    # The words are as typed. Quotes are taken off, and nothing is expanded: a request for completions runs no other program.
    words=("${words[@]//[\"\'\\]/}")
    program=${words[0]/#\~/$HOME}
    current=${words[${#words[@]}-1]}
    COMPREPLY=()
    lines=()
    while IFS= read -r line; do
        lines+=("$line")
    done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
    count=${#lines[@]}
    ((count > 0)) || return
    directive=${lines[count-1]#:}
    unset "lines[count-1]"
    [[ $directive =~ ^[0-9]+$ ]] || return
    ((directive & 1)) && return

    # The part of the word that bash leaves alone: the flag of --flag=value, and all up to the last ':' or '='.
    local value=$current kept=
    if [[ $current == --*=* ]]; then
        value=${current#*=}
    fi
    if ((directive & 16)); then
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -d -- "$value")
        return
    fi
    if ((${#lines[@]} == 0)); then
        if ! ((directive & 4)); then
            compopt -o filenames 2>/dev/null
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -f -- "$value")
        fi
        return
    fi
    if ((directive & 2)); then
        compopt -o nospace 2>/dev/null
    fi
    for line in "${lines[@]}"; do
        line=${line%%"$tab"*}
        ((${#line} > longest)) && longest=${#line}
    done
    for index in ':' '='; do
        if [[ $COMP_WORDBREAKS == *"$index"* && $value == *"$index"* ]]; then
            line=${value%"${value##*"$index"}"}
            ((${#line} > ${#kept})) && kept=$line
        fi
    done
    for line in "${lines[@]}"; do
        local word=${line%%"$tab"*}
        if ((${#lines[@]} == 1)); then
            COMPREPLY=("$(printf '%q' "${word#"$kept"}")")
        elif [[ ${COMP_TYPE-} == 37 || ${COMP_TYPE-} == 42 || $line != *"$tab"* ]]; then
            # Bash inserts one candidate after the other, so there is no place for descriptions.
            COMPREPLY+=("${word#"$kept"}")
        else
            local room=$((${COLUMNS:-80} - longest - 4)) text=${line#*"$tab"}
            if ((room > 8)); then
                ((${#text} > room)) && text=${text:0:room-1}…
                printf -v word '%-*s' "$longest" "$word"
                COMPREPLY+=("${word#"$kept"}  ($text)")
            else
                COMPREPLY+=("${word#"$kept"}")
            fi
        fi
    done
}

complete -F __docker_manifest_complete docker-manifest
