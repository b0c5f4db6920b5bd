namespace Granary.Admin.Commands.Completion;

/// <summary>
/// The scripts. Each asks the command itself with the [suggest] directive, so that a script never has to be renewed;
/// files of this machine are completed where the command has nothing to say.
/// </summary>
internal static class CompletionScripts
{
    private const string Bash = """
        # bash completion for granary; load with: source <(granary completion bash)
        _granary() {
            local word="${COMP_WORDS[COMP_CWORD]}" answer
            answer="$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)"
            mapfile -t COMPREPLY < <(compgen -W "${answer//$'\n'/ }" -- "$word")
        }
        complete -o default -o bashdefault -F _granary granary ./granary
        """;

    private const string Zsh = """
        #compdef granary
        # zsh completion for granary; load with: source <(granary completion zsh)
        _granary() {
            local -a answers
            answers=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            if (( ${#answers} )) && [[ -n "${answers[1]}" ]]; then
                compadd -a answers
            fi
            [[ "$PREFIX" == -* ]] || _files
        }
        compdef _granary granary ./granary
        """;

    private const string Fish = """
        # fish completion for granary; load with: granary completion fish | source
        function __granary_answers
            set -l line (commandline -cp)
            set -l program (commandline -poc)[1]
            $program "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
        end
        complete -c granary -a '(__granary_answers)'
        """;

    /// <summary>The script of each shell.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByShell = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["zsh"] = Zsh,
        ["fish"] = Fish,
    };
}
