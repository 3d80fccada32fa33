/** The shells for which there is a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# Completion of stackctl for bash: source <(stackctl completion bash)
_stackctl() {
  local rest=$COMP_LINE cur prefix out directive=0 candidate i
  local -a words=()
  COMPREPLY=()
  # Readline takes = and : for ends of words. What no space divides is put together again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    if ((i > 0)) && [[ $rest != [[:space:]]* ]]; then
      words[$((\${#words[@]} - 1))]+=\${COMP_WORDS[i]}
    else
      words+=("\${COMP_WORDS[i]}")
    fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    rest=\${rest#"\${COMP_WORDS[i]}"}
  done
  cur=\${words[$((\${#words[@]} - 1))]}
  out=$("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null) || return 0
  prefix=\${cur%"\${cur##*[=:]}"}
  while IFS= read -r candidate; do
    case $candidate in
      :*) directive=\${candidate#:} ;;
      ?*)
        candidate=\${candidate%%$'\\t'*}
        COMPREPLY+=("\${candidate#"$prefix"}")
        ;;
    esac
  done <<<"$out"
  if ((directive & 2)); then
    compopt -o nospace
  fi
  if ((\${#COMPREPLY[@]} == 0 && (directive & 4) == 0)); then
    compopt -o filenames
    while IFS= read -r candidate; do
      COMPREPLY+=("$candidate")
    done < <(compgen -f -- "\${cur##*=}")
  fi
}
complete -F _stackctl stackctl
`;

const ZSH = `#compdef stackctl
# Completion of stackctl for zsh: source <(stackctl completion zsh), after compinit.
_stackctl() {
  local out line value directive=0
  local -a described flags
  out=$("\${(Q)words[1]}" __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null) || return 1
  for line in "\${(@f)out}"; do
    if [[ $line == :* ]]; then
      directive=\${line#:}
    elif [[ -n $line ]]; then
      value=\${line%%$'\\t'*}
      described+=("\${value//:/\\\\:}\${\${line#$value}:+:\${line#*$'\\t'}}")
    fi
  done
  if (( directive & 2 )); then
    flags=(-S '')
  fi
  if (( \${#described} > 0 )); then
    _describe -t stackctl stackctl described "\${flags[@]}"
  elif (( (directive & 4) == 0 )); then
    compset -P '*='
    _files
  fi
}
if [[ \${funcstack[1]-} == _stackctl ]]; then
  _stackctl "$@"
else
  compdef _stackctl stackctl
fi
`;

const FISH = `# Completion of stackctl for fish: stackctl completion fish | source
function __stackctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete $words "$current" 2>/dev/null)
    if test (count $lines) -eq 1; and contains -- $lines[1] :0 :2
        set -l prefix (string match -r -- '^--[^=]*=' $current)
        for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $current))
            echo "$prefix$path"
        end
        return
    end
    for line in $lines
        if not string match -qr '^:' -- $line
            echo $line
        end
    end
end
complete -c stackctl -f -a '(__stackctl_complete)'
`;

/** What a shell is to be told once, so that it completes the command lines of stackctl. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
