#compdef rhapsody
# zsh completion of rhapsody: the program itself knows the words.

_rhapsody() {
    local -a found
    local line
    for line in ${(f)"$(rhapsody completion words -- ${(@)words[2,CURRENT-1]} "${words[CURRENT]}" 2>/dev/null)"}; do
        if [[ $line == @files ]]; then
            _files
            continue
        fi
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    (( $#found )) && _describe rhapsody found
}

if [[ $funcstack[1] == _rhapsody ]]; then
    _rhapsody "$@"
else
    compdef _rhapsody rhapsody
fi
