# fish completion of rhapsody: the program itself knows the words.

function __rhapsody_words
    set -l typed (commandline -opc)
    rhapsody completion words -- $typed[2..-1] (commandline -ct) 2>/dev/null | while read -l line
        if test "$line" = @files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end

complete -c rhapsody -f -a '(__rhapsody_words)'
