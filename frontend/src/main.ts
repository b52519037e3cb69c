import './styles/tokens.css';
import './styles/phases.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/print.css';
import { mount } from 'svelte';
import { printAsShown } from '$lib/features/reports/printing';
import App from './App.svelte';

const target = document.getElementById('app');
printAsShown();
if (target) mount(App, { target });
