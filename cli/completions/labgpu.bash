# Completion of labgpu(8) for bash. Account names are those of the files of keys: there is one for each.

_labgpu_accounts() {
    ls /var/lib/labgpu/keys 2>/dev/null
}

# The words before the cursor that are not options: "user add alice".
_labgpu_words() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --key | --format | --output | --name | --note | --remove | --snapshot | --image | --real-name | --expires | --socket | --root | --suite | --mirror | --security-mirror | --include | --tag | --tarball | --lines | --since | --build-arg)
                ((i++))
                ;;
            -*) ;;
            *) echo "${COMP_WORDS[i]}" ;;
        esac
    done
}

_labgpu_options() {
    case "$1 $2" in
        "user add") echo --key --password-stdin --generate-password --image --real-name --expires --json ;;
        "user set") echo --password-stdin --no-password --json ;;
        "user remove") echo --yes --purge --force --json ;;
        "user import") echo --dry-run --generate-passwords --no-expire --passwords-file --json ;;
        "user export") echo --format --output --secrets ;;
        "passwd "*) echo --stdin --generate --expire --delete --lock --unlock --json ;;
        "log "*) echo --lines --since --follow --json ;;
        "setup "*) echo --check --undo --root --userdb ;;
        "rebuild "*) echo --keep --fresh --yes --json ;;
        "snapshot "*) echo --name --note --json ;;
        "snapshots "*) echo --remove --yes --json ;;
        "export "*) echo --snapshot --json ;;
        "adopt "*) echo --dry-run --skip-mounts --yes --json ;;
        "restore "*) echo --discard --yes --json ;;
        "image build") echo --tag --build-arg --fresh --json ;;
        "image default") echo --pull --json ;;
        "image bootstrap") echo --suite --mirror --security-mirror --include --tag --tarball ;;
        " ") echo --help --version --socket ;;
        *) echo --json ;;
    esac
}

# What may stand at this place, given the words before it.
_labgpu_candidates() {
    case "$#:$1 $2" in
        "0: ") echo user passwd key status start stop restart adopt rebuild snapshot snapshots restore export sessions kill log ports gpu maintenance setup image build ;;
        "1:user "*) echo add list show set remove import export ;;
        "1:key "*) echo add list remove ;;
        "1:image "*) echo list pull build default bootstrap ;;
        "1:maintenance "*) echo on off ;;
        "1:passwd "* | "1:status "* | "1:start "* | "1:stop "* | "1:restart "* | "1:rebuild "* | "1:snapshot "* | "1:snapshots "* | "1:restore "* | "1:sessions "* | "1:kill "* | "1:log "* | "1:ports "* | "1:adopt "* | "1:export "* | "1:build "*) _labgpu_accounts ;;
        "2:user show" | "2:user set" | "2:user remove" | "2:user export" | "2:key "*) _labgpu_accounts ;;
        *":user set")
            if [ "$#" -ge 3 ]; then
                echo real_name= locked= not_before= not_after= profile= image= hostname= container_name= mounts=
                echo ports= gpus= memory= cpus= pids= shm_size= ulimits= env= cap_add= cap_drop= userns= restart=
                echo login= max_sessions= idle_stop= idle_warning= snapshots= builds= build_context= build_time= build_size=
            fi
            ;;
    esac
}

_labgpu() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words
    COMPREPLY=()
    case $previous in
        --key | --output | --passwords-file | --tarball | --root | --socket)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
    esac
    mapfile -t words < <(_labgpu_words)
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_labgpu_options "${words[0]}" "${words[1]}")" -- "$current")
    elif [[ "${words[0]} ${words[1]} ${#words[@]}" == "key add 3" || "${words[0]} ${words[1]}" == "user import" || "${words[0]} ${words[1]}" == "image build" ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$(_labgpu_candidates "${words[@]}")" -- "$current")
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    fi
}

complete -F _labgpu labgpu
